import { leadingMetric, LOSS } from "./metricText.ts";
import type { Evaluation, RunRecord } from "./record.ts";
import { isOfTask, taskTexts } from "./taskTexts.ts";
import type { Selection } from "../experiment/selection.ts";
import { commonMeasure } from "./commonMeasure.ts";
import { choosingEvaluation } from "./validationScore.ts";

/** One run of a sweep: its settings and its results. */
export interface SweepRun {
  id: string;
  name: string;
  seed: number;
  /** The arm of the sweep that it is, or its retrained ablation. */
  arm: string | undefined;
  /** Its settings by dotted key, at least those that differ among the runs. */
  settings: Readonly<Record<string, unknown>>;
  /** The measure of the validation split at its chosen checkpoint; undefined where it has not finished. */
  validation: number | undefined;
  /** The metric on the test split. */
  test: number | undefined;
  /** When it finished, in milliseconds since the epoch. */
  ended: number | undefined;
}

/** Runs that differ in their settings, and what they are judged by. */
export interface SweepResults {
  runs: readonly SweepRun[];
  /** The measure on the validation split: the name of a metric, or "loss". */
  measure: string;
  /** The metric on the test split. */
  testMetric: string;
}

/** A run as it is stored. */
export interface StoredRun {
  id: string;
  record: RunRecord;
  /** Its experiment by dotted key. */
  settings: ReadonlyMap<string, unknown>;
  /** When it finished, in milliseconds since the epoch. */
  ended: number | undefined;
}

/** Keys that tell where, by what name and with which seed a run was made: no settings that distinguish results. */
export const NOT_SETTINGS = /^(\$schema|name|seed|git|part|engine|analyses|task\.shots\.seed|precision\.compare)(\.|$)/;
/** Where a run was trained, and which run it repeats. */
const PLACES = /^(executor|reproduces)(\.|$)/;

const SELECTION = "training.selection";

const testOf = ({ evaluations }: RunRecord): Evaluation | undefined =>
  evaluations.find(({ split, label }) => split === "test" && label === "trained");
const valueOf = (evaluation: Evaluation | undefined, measure: string): number | undefined =>
  measure === LOSS ? evaluation?.loss : evaluation?.metrics[measure];

const measureOf = (runs: readonly StoredRun[]): string =>
  commonMeasure(
    runs.map(({ settings, record }) => ({
      selection: settings.get(SELECTION) as Selection | undefined,
      chosen: choosingEvaluation(record),
    })),
  );

/** Whether runs have several values of a setting. */
const isVaried = (key: string, runs: readonly StoredRun[]): boolean =>
  new Set(runs.map(({ settings }) => JSON.stringify(settings.get(key)))).size > 1;

/**
 * Settings that are not the same in all runs, of each run. Other tasks differ in nearly every key that they have: their
 * names stand for them, and of the keys those that differ within one task are left.
 */
function differing(runs: readonly StoredRun[]): Record<string, unknown>[] {
  const tasks = taskTexts(runs.map(({ settings }) => settings));
  const byTask = [...new Set(tasks)].map((name) => runs.filter((_, i) => tasks[i] === name));
  const keys = [...new Set(runs.flatMap(({ settings }) => [...settings.keys()]))].filter(
    (key) =>
      !NOT_SETTINGS.test(key) &&
      !PLACES.test(key) &&
      (isOfTask(key) ? byTask : [runs]).some((peers) => isVaried(key, peers)),
  );
  return runs.map(({ settings }, i) => ({
    ...(byTask.length > 1 && { task: tasks[i] }),
    ...Object.fromEntries(keys.flatMap((key) => (settings.has(key) ? [[key, settings.get(key)]] : []))),
  }));
}

/** The results of runs with the settings that differ among them. Only runs that have finished are judged. */
export function sweepResults(runs: readonly StoredRun[]): SweepResults {
  const measure = measureOf(runs);
  const testMetric =
    runs.map(({ record }) => leadingMetric(testOf(record)?.metrics ?? {})?.name).find((name) => name !== undefined) ??
    LOSS;
  const settings = differing(runs);
  return {
    measure,
    testMetric,
    runs: runs.map(({ id, record, settings: all, ended }, i) => {
      const arm = all.get("part.arm") ?? all.get("part.case");
      const isOver = record.status === "finished";
      return {
        id,
        name: record.name,
        seed: record.seed,
        arm: typeof arm === "string" ? arm : undefined,
        settings: settings[i]!,
        validation: isOver ? valueOf(choosingEvaluation(record), measure) : undefined,
        test: isOver ? valueOf(testOf(record), testMetric) : undefined,
        ended: isOver ? ended : undefined,
      };
    }),
  };
}
