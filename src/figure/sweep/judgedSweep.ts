import { isCorrelation, LOSS, metricName } from "../../record/metricText.ts";
import type { SweepResults, SweepRun } from "../../record/sweepResults.ts";
import { scaleOf, type MetricScale } from "../comparisonFigures.ts";
import type { Labels } from "../../protocol/pageLabels.ts";
import { fill } from "../valueText.ts";
import { variedSettings, type VariedSetting } from "./variedSettings.ts";

/** A run that validation can judge. */
export type JudgedRun = SweepRun & { validation: number };

/** Runs that differ in their seeds alone. */
export interface Combination {
  runs: readonly JudgedRun[];
  /** Mean of the validation measure over its runs. */
  validation: number;
}

/** A sweep whose runs are compared by validation. */
export interface JudgedSweep {
  /** The settings that vary among the judged runs. */
  settings: readonly VariedSetting[];
  /** The runs that have finished and have a validation measure. */
  runs: readonly JudgedRun[];
  /** Runs that cannot be judged. */
  unjudged: number;
  combinations: readonly Combination[];
  /** The combination that validation chooses. */
  best: Combination | undefined;
  /** The name of the validation measure. */
  measure: string;
  testMetric: string;
  /** Whether less is better, as of a loss. */
  isLess: boolean;
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Whether one value of the validation measure is better than another. */
export const isBetter = ({ isLess }: Pick<JudgedSweep, "isLess">, a: number, b: number): boolean =>
  isLess ? a < b : a > b;

/** The order in which runs finished. */
export const byEnd = (a: SweepRun, b: SweepRun): number =>
  (a.ended ?? Infinity) - (b.ended ?? Infinity) || Number(a.id > b.id) - Number(a.id < b.id);

/** Runs of one combination of settings. */
export function combinationsOf(runs: readonly JudgedRun[], settings: readonly VariedSetting[]): Combination[] {
  const groups = new Map<string, JudgedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify(settings.map(({ of }) => of.get(run.id) ?? null));
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [run]);
    else own.push(run);
  }
  return [...groups.values()].map((own) => ({
    runs: own,
    validation: mean(own.map(({ validation }) => validation)),
  }));
}

/**
 * The combination with the best mean on validation, of those with the most runs: means over different numbers of seeds
 * do not compare.
 */
export function chosenOf(
  combinations: readonly Combination[],
  sweep: Pick<JudgedSweep, "isLess">,
): Combination | undefined {
  const most = combinations.reduce((count, { runs }) => Math.max(count, runs.length), 0);
  return combinations
    .filter(({ runs }) => runs.length === most)
    .reduce<Combination | undefined>(
      (best, each) => (best === undefined || isBetter(sweep, each.validation, best.validation) ? each : best),
      undefined,
    );
}

/** The sweep as its validation measure judges it. */
export function judgedSweep({ runs: all, measure, testMetric }: SweepResults): JudgedSweep {
  const runs = all.filter((run): run is JudgedRun => run.validation !== undefined);
  const settings = variedSettings(runs);
  const combinations = combinationsOf(runs, settings);
  const isLess = measure === LOSS;
  return {
    settings,
    runs,
    unjudged: all.length - runs.length,
    combinations,
    best: chosenOf(combinations, { isLess }),
    measure,
    testMetric,
    isLess,
  };
}

/** What a figure of a sweep shows of its runs. */
export interface SweepMeasure extends MetricScale {
  split: "validation" | "test";
  of: (run: JudgedRun) => number | undefined;
}

/** The measure of a split with the titles of its axis and its column. */
export function sweepMeasure(
  { measure, testMetric }: Pick<JudgedSweep, "measure" | "testMetric">,
  split: SweepMeasure["split"],
  labels: Labels,
): SweepMeasure {
  const metric = split === "validation" ? measure : testMetric;
  const name = fill(split === "validation" ? labels.validationOf : labels.testOf, metricName(metric));
  const of = (run: JudgedRun): number | undefined => (split === "validation" ? run.validation : run.test);
  if (metric === LOSS)
    return { name, title: `${name} (${labels.nats})`, factor: 1, show: (value) => value.toFixed(3), split, of };
  return { ...scaleOf(name, isCorrelation(metric)), split, of };
}

/** The sentence that every figure of a sweep ends with: what judges, and what is left out. */
export const judgedNote = ({ unjudged }: JudgedSweep, labels: Labels): string =>
  [labels.judgedByValidation, ...(unjudged === 0 ? [] : [fill(labels.unjudgedRuns, unjudged)])].join(" ");
