import { commonMeasure } from "../../record/commonMeasure.ts";
import { LOSS } from "../../record/metricText.ts";
import type { RunRecord } from "../../record/record.ts";
import { taskKey } from "../../record/taskKey.ts";
import { choosingEvaluation } from "../../record/validationScore.ts";

/** What of a group validation finds best: runs that differ in their seeds alone. */
export interface GroupBest {
  /** What tells it from the others of the group. */
  label: string;
  /** The measure on validation: what the runs chose their checkpoints by, the loss or the task's own metric. */
  metric: string;
  /** Its mean over seeds. */
  value: number;
  /** Number of runs in the mean. */
  n: number;
}

/** What runs have in common that differ in their seeds alone, as far as records tell. */
const variantKey = (record: RunRecord): string =>
  JSON.stringify([record.variant ?? "", record.method, record.backbone, taskKey(record), record.steps]);

/** Whether the runs differ in their seeds alone, so that a mean of them is a mean over seeds. */
export const areSeeds = (records: readonly RunRecord[]): boolean => new Set(records.map(variantKey)).size < 2;

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The variant of a group with the best mean on validation, of those with the most finished runs: means over different
 * numbers of seeds do not compare. Undefined where validation has judged none, and where the runs are of several tasks.
 */
export function groupBest(records: readonly RunRecord[]): GroupBest | undefined {
  const judged = records.flatMap((record) => {
    const found = record.status === "finished" ? choosingEvaluation(record) : undefined;
    return found === undefined ? [] : [{ record, found }];
  });
  // Values on different tasks do not compare.
  if (new Set(judged.map(({ record }) => taskKey(record))).size > 1) return undefined;
  const metric = commonMeasure(judged.map(({ record, found }) => ({ selection: record.selection, chosen: found })));
  const variants = new Map<string, { label: string; values: number[] }>();
  for (const { record, found } of judged) {
    const value = metric === LOSS ? found.loss : found.metrics[metric];
    if (value === undefined) continue;
    const own = variants.get(variantKey(record)) ?? { label: record.variant ?? record.method, values: [] };
    variants.set(variantKey(record), own);
    own.values.push(value);
  }
  const most = Math.max(...[...variants.values()].map(({ values }) => values.length));
  return [...variants.values()]
    .filter(({ values }) => values.length === most)
    .map(({ label, values }): GroupBest => ({ label, metric, value: average(values), n: values.length }))
    .reduce<GroupBest | undefined>((best, each) => {
      const isBetter = best === undefined || (metric === LOSS ? each.value < best.value : each.value > best.value);
      return isBetter ? each : best;
    }, undefined);
}
