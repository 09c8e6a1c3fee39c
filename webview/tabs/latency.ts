import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart, type LineOptions, type Point } from "../chart/lineChart.ts";
import type { TableData } from "../tableText.ts";
import { fill } from "../text.ts";
import { rememberedSelect } from "./rememberedSelect.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { MedianInterval } from "../../src/protocol/results/intervals.ts";
import type { FoldStatement, Latency, Timed } from "../../src/protocol/results/latency.ts";

const MEASURES = ["endToEnd", "inputLayer", "ratio"] as const;
type Measure = (typeof MEASURES)[number];

/** The latency tab. */
export function latencySpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["latency", context.labels.latency]],
    figures: (_, result) => {
      const latency = result as Latency;
      return [
        latencyFigure(latency, context),
        ...(latency.fold === undefined ? [] : [foldTable(latency.fold, context)]),
      ];
    },
  };
}

/** The largest ratio of times that counts as equally fast. */
const AS_FAST = 1.02;
function verdict({ low, high }: { low: number; high: number }, { labels }: FigureContext): string {
  if (high < 1) return labels.faster;
  if (high <= AS_FAST) return labels.asFast;
  return low > AS_FAST ? labels.slower : labels.notSettled;
}

/**
 * The folded run compared with other forms: ratios of times of the same round, and whether it predicts the same tokens.
 */
function foldTable({ form, against, predictions: { equal, total } }: FoldStatement, context: FigureContext): Figure {
  const { labels } = context;
  const show = (x: number): string => x.toFixed(3);
  const rows = against.flatMap(({ against: other, ratio, cells }) =>
    [{ length: undefined, batchSize: undefined, ratio }, ...cells].map((cell) => [
      other,
      cell.length ?? labels.all,
      cell.batchSize ?? labels.all,
      cell.ratio.median,
      cell.ratio.low,
      cell.ratio.high,
      cell.ratio.n,
      verdict(cell.ratio, context),
    ]),
  );
  return new Figure(
    {
      id: "fold",
      title: fill(labels.foldTitle, form),
      note: fill(labels.foldNote, equal, total),
      data: () => ({
        columns: [
          { name: labels.against },
          { name: labels.lengthTokens },
          { name: labels.batchSize },
          { name: labels.timesOther, show },
          { name: labels.low, show },
          { name: labels.high, show },
          { name: "n" },
          { name: labels.verdict },
        ],
        rows,
      }),
    },
    context,
  );
}

/**
 * Median times over the text's length, a line for each form, of the measure and the batch size that the user chooses.
 */
class LatencyChart {
  readonly chart: LineChart;
  readonly tools = el("div", "", "actions");
  private readonly titles: Record<Measure, string>;
  private readonly sizes: number[];

  constructor(
    private readonly rows: readonly Timed[],
    private readonly context: FigureContext,
  ) {
    this.titles = measureTitles(context);
    this.sizes = [...new Set(rows.map(({ batchSize }) => batchSize))];
    this.chart = new LineChart(this.options(), context.theme());
    this.tools.append(this.measureSelect(), this.sizeSelect());
    this.draw();
  }

  private get measure(): Measure {
    return MEASURES.find((each) => each === this.context.state.choices["latency"]) ?? "endToEnd";
  }

  private get size(): number {
    const { sizes } = this;
    return sizes.find((each) => String(each) === this.context.state.choices["batch"]) ?? sizes[0] ?? 1;
  }

  private measureSelect(): HTMLElement {
    const choices = MEASURES.map((value) => ({ value, text: this.titles[value] }));
    const { measure } = this.context.labels;
    return rememberedSelect({ label: measure, key: "latency", value: this.measure, choices }, this.context, this.draw);
  }

  private sizeSelect(): HTMLElement {
    const { labels } = this.context;
    const choices = this.sizes.map((each) => ({ value: String(each), text: fill(labels.batchOf, each) }));
    const value = String(this.size);
    return rememberedSelect({ label: labels.batchSize, key: "batch", value, choices }, this.context, this.draw);
  }

  private options(): LineOptions {
    return {
      xTitle: this.context.labels.lengthTokens,
      yTitle: this.titles[this.measure],
      scale: this.measure === "ratio" ? "linear" : "logarithmic",
      xScale: "logarithmic",
      ticks: [...new Set(this.rows.map(({ length }) => length))],
      dodge: true,
    };
  }

  private readonly draw = (): void => {
    const { chart, measure, size } = this;
    const { tokens } = this.context.labels;
    const forms = [...new Set(this.rows.map(({ form }) => form))];
    const own = this.rows.filter(({ batchSize }) => batchSize === size);
    chart.clear(this.options());
    for (const form of forms) chart.append(form, pointsOf(own, form, measure), { marks: true });
    const described = forms.map((form) => {
      const values = own
        .filter((row) => row.form === form)
        .map((row) => `${row.length} ${tokens} ${timeOf(row, measure)?.median.toPrecision(3) ?? ""}`);
      return `${form}: ${values.join(", ")}`;
    });
    chart.draw(described.join("; "));
  };
}

const measureTitles = ({ labels }: FigureContext): Record<Measure, string> => ({
  endToEnd: labels.endToEnd,
  inputLayer: labels.inputLayer,
  ratio: labels.ratioToBare,
});

/** Undefined in results that were stored before it was measured. */
const timeOf = (row: Timed, measure: Measure): MedianInterval | undefined => row[measure];

function pointsOf(rows: readonly Timed[], form: string, measure: Measure): Point[] {
  return rows.flatMap((row) => {
    const time = timeOf(row, measure);
    return row.form === form && time !== undefined
      ? [{ x: row.length, y: time.median, low: time.low, high: time.high }]
      : [];
  });
}

function latencyFigure({ rows, rounds, tokens, device }: Latency, context: FigureContext): Figure {
  const { labels } = context;
  const { chart, tools } = new LatencyChart(rows, context);
  return new Figure(
    {
      id: "latency",
      title: labels.latencyTitle,
      note: fill(labels.latencyNote, rounds, tokens, device),
      drawing: chart,
      data: () => latencyTable(rows, context),
      extra: [tools],
    },
    context,
  );
}

function latencyTable(rows: readonly Timed[], context: FigureContext): TableData {
  const { labels } = context;
  const titles = measureTitles(context);
  return {
    columns: [
      { name: labels.form },
      { name: labels.parameters },
      { name: labels.promptLength },
      { name: labels.lengthTokens },
      { name: labels.batchSize },
      ...MEASURES.flatMap((each) => [
        { name: titles[each] },
        { name: `${titles[each]}: ${labels.low}` },
        { name: `${titles[each]}: ${labels.high}` },
      ]),
    ],
    rows: rows.map((row) => [
      row.form,
      row.parameters,
      row.promptLength,
      row.length,
      row.batchSize,
      ...MEASURES.flatMap((each) => {
        const time = timeOf(row, each);
        return [time?.median, time?.low, time?.high];
      }),
    ]),
  };
}
