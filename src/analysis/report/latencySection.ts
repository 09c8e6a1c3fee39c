import { methodOf } from "../../method/registry.ts";
import { latencyFigure } from "../../figure/latencyFigures.ts";
import { fill } from "../../figure/valueText.ts";
import type { Block } from "./blocks.ts";
import { figureBlock, LABELS } from "./figureBlock.ts";
import { number } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";
import type { FoldStatement } from "../../protocol/results/latency.ts";

type Interval = { median: number; low: number; high: number };
const time = ({ median, low, high }: Interval, digits = 2): string =>
  `${number(median, digits)} [${number(low, digits)}, ${number(high, digits)}]`;

/**
 * The blocks about the folded form: its time against other forms, paired by round, and whether its predictions agree.
 */
function foldBlocks({ form, against, predictions: { equal, total } }: FoldStatement): Block[] {
  return [
    {
      kind: "text",
      text: `${form}: the same tokens as the run generates, on ${equal} of ${total} test texts. ${against.map(({ against: other, ratio }) => `Its time over that of ${other}: ${time(ratio, 3)} (n = ${ratio.n})`).join(". ")}.`,
    },
    {
      kind: "table",
      caption: `Time of ${form} over another form's, end to end: median of the ratios of each round with its 95 % interval`,
      header: ["against", "text length", "batch", "ratio"],
      rows: against.flatMap(({ against: other, ratio, cells }) => [
        [other, "all", "all", time(ratio, 3)],
        ...cells.map((cell) => [other, String(cell.length), String(cell.batchSize), time(cell.ratio, 3)]),
      ]),
    },
  ];
}

/** Whether a run's offsets depend on the token alone, so that they fold into the embedding. */
const canFoldOffsets = ({ experiment: { method } }: ReportedRun): boolean =>
  methodOf(method.kind).offsets?.(method).tokens !== undefined;

/**
 * The latency section shows one run: the first whose offsets fold into the embedding, else the first that was timed.
 * Empty where none was.
 */
export function latencySection(runs: readonly ReportedRun[]): Block[] {
  const run =
    runs.find((run) => run.analyses.latency !== undefined && canFoldOffsets(run)) ??
    runs.find(({ analyses }) => analyses.latency !== undefined);
  const latency = run?.analyses.latency;
  if (run === undefined || latency === undefined) return [];
  const sizes = [...new Set(latency.rows.map(({ batchSize }) => batchSize))];
  const pictures = sizes.map((batchSize) => {
    const own = { ...latency, rows: latency.rows.filter((row) => row.batchSize === batchSize) };
    const spec = latencyFigure(own, { measure: "endToEnd", batchSize }, LABELS);
    const title = `${spec.title}, ${fill(LABELS.batchOf, batchSize)}`;
    return figureBlock({ ...spec, id: `${spec.id}-${batchSize}`, title }, [run]);
  });
  return [
    { kind: "heading", level: 3, text: "Latency" },
    ...pictures,
    ...(latency.fold === undefined ? [] : foldBlocks(latency.fold)),
  ];
}
