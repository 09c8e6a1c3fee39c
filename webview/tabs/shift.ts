import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart, type LineOptions } from "../chart/lineChart.ts";
import type { Peer } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../tableText.ts";
import { fill, percent, signedPoints, pValueText } from "../text.ts";
import { rememberedSelect } from "./rememberedSelect.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { PositionShift, Shifted } from "../../src/protocol/results/positionShift.ts";

interface Measure {
  id: string;
  text: string;
  of: (each: Shifted) => { y: number; low?: number; high?: number } | undefined;
}

function measures({ labels }: FigureContext): Measure[] {
  return [
    {
      id: "right",
      text: labels.pointsAgainst,
      of: ({ versus: { right } }) => ({
        y: 100 * right.difference,
        low: 100 * right.interval[0],
        high: 100 * right.interval[1],
      }),
    },
    { id: "flips", text: `${labels.flips} (%)`, of: ({ versus }) => ({ y: 100 * versus.flips }) },
    {
      id: "offset",
      text: labels.offsetChange,
      of: ({ offsetChange }) => (offsetChange === undefined ? undefined : { y: offsetChange }),
    },
    { id: "encoder", text: labels.encoderChange, of: ({ encoderChange }) => ({ y: encoderChange }) },
    { id: "kl", text: `KL (${labels.nats})`, of: ({ kl }) => ({ y: kl }) },
    { id: "logit", text: labels.logitChange, of: ({ maxLogit }) => ({ y: maxLogit }) },
  ];
}

/** The position-shift tab. */
export function shiftSpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["position-shift", context.labels.positionShift]],
    figures: (_, result, peers) => [
      shiftFigure(result as PositionShift, peers, context),
      propertyTable(result as PositionShift, context),
    ],
  };
}

/**
 * One measure over the shift, a line for each test. The user chooses the measure, and another run drawn beside this
 * one, such as prompt tuning as the control.
 */
class ShiftChart {
  readonly chart: LineChart;
  readonly tools = el("div", "", "actions");
  private readonly measures: readonly Measure[];

  constructor(
    private readonly cases: readonly Shifted[],
    private readonly peers: readonly Peer[],
    private readonly context: FigureContext,
  ) {
    this.measures = measures(context);
    this.chart = new LineChart(this.options(), context.theme());
    this.tools.append(this.measureSelect(), ...(peers.length > 0 ? [this.besideSelect()] : []));
    this.draw();
  }

  private get measure(): Measure {
    return this.measures.find(({ id }) => id === this.context.state.choices["shift"]) ?? this.measures[0]!;
  }

  private get beside(): Peer | undefined {
    return this.peers.find(({ id }) => id === this.context.state.choices["beside"]);
  }

  private measureSelect(): HTMLElement {
    const choices = this.measures.map(({ id, text }) => ({ value: id, text }));
    const label = this.context.labels.measure;
    return rememberedSelect({ label, key: "shift", value: this.measure.id, choices }, this.context, this.draw);
  }

  private besideSelect(): HTMLElement {
    const { labels } = this.context;
    const choices = [
      { value: "", text: labels.besideNone },
      ...this.peers.map(({ id, name }) => ({ value: id, text: name })),
    ];
    const value = this.beside?.id ?? "";
    return rememberedSelect({ label: labels.beside, key: "beside", value, choices }, this.context, this.draw);
  }

  private options(): LineOptions {
    return {
      xTitle: this.context.labels.shiftBy,
      yTitle: this.measure.text,
      scale: "linear",
      xScale: "logarithmic",
      ticks: [...new Set(this.cases.map(({ k }) => k))].sort((a, b) => a - b),
      dodge: true,
    };
  }

  private readonly draw = (): void => {
    const { labels } = this.context;
    const { cases, chart, measure, beside } = this;
    const tests = [...new Set(cases.map(({ test }) => test))];
    const sizeOf = (each: Shifted): number => measure.of(each)?.y ?? 0;
    chart.clear(this.options());
    for (const [i, test] of tests.entries()) this.append(test, cases, { suffix: "", style: i });
    if (beside !== undefined) {
      const other = (beside.result as PositionShift).cases;
      const suffix = ` · ${beside.name}`;
      for (const [i, test] of tests.entries()) this.append(test, other, { suffix, style: tests.length + i });
    }
    const worst = [...cases].sort((a, b) => Math.abs(sizeOf(b)) - Math.abs(sizeOf(a)))[0];
    chart.draw(
      worst === undefined
        ? labels.positionShift
        : fill(labels.worstShift, measure.text, sizeOf(worst).toPrecision(3), worst.label),
    );
  };

  private append(test: string, cases: readonly Shifted[], { suffix, style }: { suffix: string; style: number }): void {
    const { measure } = this;
    const points = cases
      .filter((each) => each.test === test)
      .flatMap((each) => {
        const value = measure.of(each);
        return value === undefined ? [] : [{ x: each.k, ...value }];
      });
    this.chart.append(`${test}${suffix}`, points, { marks: true, style });
  }
}

function shiftFigure({ cases, isCausal }: PositionShift, peers: readonly Peer[], context: FigureContext): Figure {
  const { labels } = context;
  const { chart, tools } = new ShiftChart(cases, peers, context);
  return new Figure(
    {
      id: "shift",
      title: labels.shiftTitle,
      note: [
        labels.shiftNote,
        ...(isCausal === true ? [labels.shiftCausalNote] : []),
        fill(labels.bootstrapNote, cases[0]?.versus.n ?? 0),
      ].join(" "),
      drawing: chart,
      data: () => shiftTable(cases, context),
      extra: [tools],
    },
    context,
  );
}

function shiftTable(cases: readonly Shifted[], { labels }: FigureContext): TableData {
  const show = (x: number): string => signedPoints(x / 100);
  return {
    columns: [
      { name: labels.shift },
      { name: labels.test },
      { name: "k" },
      { name: labels.offsetChange },
      { name: labels.encoderChange },
      { name: "KL", unit: labels.nats },
      { name: labels.logitChange },
      { name: labels.flips, show: percent },
      { name: labels.difference, unit: labels.pointsUnit, show },
      { name: labels.low, unit: labels.pointsUnit, show },
      { name: labels.high, unit: labels.pointsUnit, show },
      { name: labels.pHolm, show: pValueText },
    ],
    rows: cases.map(({ label, test, k, offsetChange, encoderChange, kl, maxLogit, versus, holmP }) => [
      label,
      test,
      k,
      offsetChange,
      encoderChange,
      kl,
      maxLogit,
      versus.flips,
      100 * versus.right.difference,
      100 * versus.right.interval[0],
      100 * versus.right.interval[1],
      holmP,
    ]),
  };
}

/** The properties that must hold exactly: T0, T5 and T6. */
function propertyTable({ properties: p }: PositionShift, context: FigureContext): Figure {
  const { labels } = context;
  const exact = (x: number): string => (x === 0 ? labels.exactly : x.toPrecision(2));
  const rows = [
    [labels.t0Places, p.acrossPlaces],
    [labels.t0Tokens, p.acrossTokens],
    [labels.t6, p.withinType],
    [labels.promptRows, p.promptChange],
    [labels.t5Padding, p.padding],
    [labels.t5Value, p.padValue],
  ] as const;
  return new Figure(
    {
      id: "properties",
      title: labels.propertiesTitle,
      note: fill(labels.propertiesNote, p.tokens, p.places),
      data: () => ({ columns: [{ name: labels.property }, { name: labels.largest, show: exact }], rows }),
    },
    context,
  );
}
