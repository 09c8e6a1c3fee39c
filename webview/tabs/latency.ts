import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart, type LineOptions } from "../chart/lineChart.ts";
import type { TableData } from "../tableText.ts";
import { fill } from "../text.ts";
import { select } from "../ui.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { FoldStatement, Latency } from "../../src/protocol/results/latency.ts";

const MEASURES = ["endToEnd", "inputLayer", "ratio"] as const;
type Measure = (typeof MEASURES)[number];

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

/** What a ratio's interval says of the fold; so much slower is as fast. */
const AS_FAST = 1.02;
function verdict({ low, high }: { low: number; high: number }, { labels }: FigureContext): string {
  if (high < 1) return labels.faster;
  if (high <= AS_FAST) return labels.asFast;
  return low > AS_FAST ? labels.slower : labels.notSettled;
}

/** The folded run against its rivals, in ratios of the same round, and whether it predicts the same. */
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

/** Medians over the text's length, a line for each form, for one batch size. */
function latencyFigure({ rows, rounds, tokens, device }: Latency, context: FigureContext): Figure {
  const { labels, state } = context;
  const texts: Record<Measure, string> = {
    endToEnd: labels.endToEnd,
    inputLayer: labels.inputLayer,
    ratio: labels.ratioToBare,
  };
  const sizes = [...new Set(rows.map(({ batchSize }) => batchSize))];
  const lengths = [...new Set(rows.map(({ length }) => length))];
  const forms = [...new Set(rows.map(({ form }) => form))];
  const measure = (): Measure => MEASURES.find((each) => each === state.choices["latency"]) ?? "endToEnd";
  const size = (): number => sizes.find((each) => String(each) === state.choices["batch"]) ?? sizes[0] ?? 1;
  const options = (): LineOptions => ({
    xTitle: labels.lengthTokens,
    yTitle: texts[measure()],
    scale: measure() === "ratio" ? "linear" : "logarithmic",
    xScale: "logarithmic",
    ticks: lengths,
    dodge: true,
  });
  const chart = new LineChart(options(), context.theme());
  const draw = (): void => {
    chart.clear(options());
    const own = rows.filter(({ batchSize }) => batchSize === size());
    for (const form of forms)
      chart.append(
        form,
        own.flatMap((row) => {
          const value = row[measure()];
          return row.form === form && value !== undefined
            ? [{ x: row.length, y: value.median, low: value.low, high: value.high }]
            : [];
        }),
        { marks: true },
      );
    chart.draw(
      forms
        .map(
          (form) =>
            `${form}: ${own
              .filter((row) => row.form === form)
              .map((row) => `${row.length} ${labels.tokens} ${row[measure()]?.median.toPrecision(3) ?? ""}`)
              .join(", ")}`,
        )
        .join("; "),
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
      MEASURES.map((value) => ({ value, text: texts[value] })),
      { value: measure(), onChange: choose("latency") },
    ),
    select(
      labels.batchSize,
      sizes.map((each) => ({ value: String(each), text: fill(labels.batchOf, each) })),
      { value: String(size()), onChange: choose("batch") },
    ),
  );
  draw();
  const span = (value: { median: number; low: number; high: number } | undefined): (number | undefined)[] =>
    value === undefined ? [undefined, undefined, undefined] : [value.median, value.low, value.high];
  const data = (): TableData => ({
    columns: [
      { name: labels.form },
      { name: labels.parameters },
      { name: labels.promptLength },
      { name: labels.lengthTokens },
      { name: labels.batchSize },
      ...MEASURES.flatMap((each) => [
        { name: texts[each] },
        { name: `${texts[each]}: ${labels.low}` },
        { name: `${texts[each]}: ${labels.high}` },
      ]),
    ],
    rows: rows.map((row) => [
      row.form,
      row.parameters,
      row.promptLength,
      row.length,
      row.batchSize,
      ...MEASURES.flatMap((each) => span(row[each])),
    ]),
  });
  return new Figure(
    {
      id: "latency",
      title: labels.latencyTitle,
      note: fill(labels.latencyNote, rounds, tokens, device),
      drawing: chart,
      data,
      extra: [tools],
    },
    context,
  );
}
