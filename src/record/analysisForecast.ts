import type { AnalysisName } from "../experiment/analysisNames.ts";
import type { RunRecord } from "./record.ts";

/**
 * The approximate number of passes over the test split of each analysis. Latency and stability do not use the split.
 */
const PASSES: Readonly<Record<AnalysisName, number>> = {
  ablation: 4,
  offsets: 0.5,
  "position-shift": 22,
  specificity: 26,
  latency: 0,
  stability: 0,
};
/** Seconds to open the backbone and the data, approximately. */
const OPENING = 2;

const middle = (values: readonly number[]): number | undefined =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Forecasts how many seconds an analysis of a run will take: from what it took for runs of the same backbone and
 * method, else from the time of a pass over the test split during training. Returns undefined if neither is known.
 * @param others finished runs of this machine
 */
export function analysisSeconds(name: AnalysisName, run: RunRecord, others: readonly RunRecord[]): number | undefined {
  const tested = run.examples?.test ?? 0;
  const known = others
    .filter((other) => other.backbone === run.backbone && other.method === run.method)
    .flatMap((other) => {
      const seconds = other.analyses[name]?.seconds;
      const size = other.examples?.test ?? 0;
      return seconds === undefined ? [] : [PASSES[name] === 0 || size === 0 ? seconds : (seconds * tested) / size];
    });
  const before = middle(known);
  if (before !== undefined) return before;
  const pass = middle(
    run.evaluations.flatMap(({ split, seconds }) => (split === "test" && seconds !== undefined ? [seconds] : [])),
  );
  if (name === "stability") return 1;
  return pass === undefined || PASSES[name] === 0 ? undefined : OPENING + PASSES[name] * pass;
}
