import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart, type LineOptions } from "../chart/lineChart.ts";
import type { Peer } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../tableText.ts";
import { fill, percent, signedPoints, pValueText } from "../text.ts";
import { select } from "../ui.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { PositionShift as Shift } from "../../src/protocol/results/positionShift.ts";

type Case = Shift["cases"][number];
interface Measure {
  id: string;
  text: string;
  of: (each: Case) => { y: number; low?: number; high?: number } | undefined;
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

export function shiftSpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["position-shift", context.labels.positionShift]],
    figures: (_, result, peers) => [
      shiftFigure(result as Shift, peers, context),
      propertyTable(result as Shift, context),
    ],
  };
}

/**
 * One measure over the shift, a line for each test; beside it, if asked, another run's, such as prompt tuning as the
 * control.
 */
function shiftFigure({ cases }: Shift, peers: readonly Peer[], context: FigureContext): Figure {
  const { labels, state } = context;
  const known = measures(context);
  const ks = [...new Set(cases.map(({ k }) => k))].sort((a, b) => a - b);
  const measure = (): Measure => known.find(({ id }) => id === state.choices["shift"]) ?? known[0]!;
  const beside = (): Peer | undefined => peers.find(({ id }) => id === state.choices["beside"]);
  const options = (): LineOptions => ({
    xTitle: labels.shiftBy,
    yTitle: measure().text,
    scale: "linear",
    xScale: "logarithmic",
    ticks: ks,
    dodge: true,
  });
  const chart = new LineChart(options(), context.theme());
  const tests = [...new Set(cases.map(({ test }) => test))];
  const draw = (): void => {
    chart.clear(options());
    const add = (own: readonly Case[], suffix: string, style: number): void => {
      for (const [i, test] of tests.entries())
        chart.append(
          `${test}${suffix}`,
          own
            .filter((each) => each.test === test)
            .flatMap((each) => {
              const value = measure().of(each);
              return value === undefined ? [] : [{ x: each.k, ...value }];
            }),
          { marks: true, style: style + i },
        );
    };
    add(cases, "", 0);
    const other = beside();
    if (other !== undefined) add((other.result as Shift).cases, ` · ${other.name}`, tests.length);
    const worst = [...cases].sort((a, b) => Math.abs(measure().of(b)?.y ?? 0) - Math.abs(measure().of(a)?.y ?? 0))[0];
    chart.draw(
      worst === undefined
        ? labels.positionShift
        : fill(labels.worstShift, measure().text, (measure().of(worst)?.y ?? 0).toPrecision(3), worst.label),
    );
  };
  const choose =
    (key: string) =>
    (value: string): void => {
      state.choices = { ...state.choices, [key]: value };
      context.save();
      draw();
    };
  const tools = el("div", "", "actions");
  tools.append(
    select(
      labels.measure,
      known.map(({ id, text }) => ({ value: id, text })),
      { value: measure().id, onChange: choose("shift") },
    ),
  );
  if (peers.length > 0)
    tools.append(
      select(
        labels.beside,
        [{ value: "", text: labels.besideNone }, ...peers.map(({ id, name }) => ({ value: id, text: name }))],
        { value: beside()?.id ?? "", onChange: choose("beside") },
      ),
    );
  draw();
  const data = (): TableData => ({
    columns: [
      { name: labels.shift },
      { name: labels.test },
      { name: "k" },
      { name: labels.offsetChange },
      { name: labels.encoderChange },
      { name: "KL", unit: labels.nats },
      { name: labels.logitChange },
      { name: labels.flips, show: percent },
      { name: labels.difference, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
      { name: labels.low, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
      { name: labels.high, unit: labels.pointsUnit, show: (x) => signedPoints(x / 100) },
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
  });
  return new Figure(
    {
      id: "shift",
      title: labels.shiftTitle,
      note: `${labels.shiftNote} ${fill(labels.bootstrapNote, cases[0]?.versus.n ?? 0)}`,
      drawing: chart,
      data,
      extra: [tools],
    },
    context,
  );
}

/** T0, T5 and T6: what must hold exactly. */
function propertyTable({ properties: p }: Shift, context: FigureContext): Figure {
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
