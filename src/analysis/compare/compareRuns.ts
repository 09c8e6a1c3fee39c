import { isAbsolute } from "node:path";
import type { Experiment } from "../../experiment/experiment.ts";
import { flatten } from "../../base/keyPath.ts";
import { shortPaths } from "../../base/text/shortPaths.ts";
import { leadingMetric, LOSS } from "../../record/metricText.ts";
import type { Evaluation, RunRecord } from "../../record/record.ts";
import { NOT_SETTINGS } from "../../record/sweepResults.ts";
import { isOfTask, taskTexts } from "../../record/taskTexts.ts";
import { validationScore } from "../../record/validationScore.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { Comparison, ComparisonRow } from "../../protocol/results/comparison.ts";
import { english, phrase, type Phrase } from "../../base/phrase.ts";
import { drawOf } from "./drawOf.ts";

/** A run with its experiment. */
export interface ComparedRun {
  id: string;
  experiment: Experiment;
  record: RunRecord;
}

/** Keys that belong to a method: they distinguish methods of one kind, but not two kinds. */
const OF_METHOD = /^(method|training\.learningRate)\./;

type Settings = Map<string, unknown>;
interface Combination {
  tuned: Settings;
  runs: ComparedRun[];
}
interface Group {
  settings: Settings;
  combinations: Map<string, Combination>;
}

const keyOf = (settings: Settings): string => JSON.stringify([...settings].sort(([a], [b]) => (a < b ? -1 : 1)));

function groupsOf(runs: readonly ComparedRun[]): Group[] {
  const groups = new Map<string, Group>();
  for (const run of runs) {
    const all = [...flatten(run.experiment)].filter(([key]) => !NOT_SETTINGS.test(key));
    // A whole object can be tuned, such as the rates of several groups together.
    const isTuned = (key: string): boolean =>
      run.experiment.part?.tune.some((each) => key === each || key.startsWith(`${each}.`)) === true;
    const settings = new Map(all.filter(([key]) => !isTuned(key)));
    const tuned = new Map(all.filter(([key]) => isTuned(key)));
    const group = groups.get(keyOf(settings)) ?? { settings, combinations: new Map<string, Combination>() };
    groups.set(keyOf(settings), group);
    const combination = group.combinations.get(keyOf(tuned)) ?? { tuned, runs: [] };
    group.combinations.set(keyOf(tuned), combination);
    combination.runs.push(run);
  }
  return [...groups.values()];
}

/** The run's best score on validation by its own selection rule, larger is better. */
const scoreOf = ({ experiment, record }: ComparedRun): number | undefined =>
  validationScore(record, experiment.training.selection);

export const tested = ({ record }: ComparedRun): Evaluation | undefined =>
  record.evaluations.find(({ split, label }) => split === "test" && label === "trained");
/** A test metric; the loss, in nats per label token, is one where it is asked for. */
export const testValue = (run: ComparedRun, metric: string): number | undefined =>
  metric === LOSS ? tested(run)?.loss : tested(run)?.metrics[metric];
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const known = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

/**
 * Chooses the combination with the best mean validation score over its seeds. Only combinations with the largest number
 * of finished seeds are candidates, since means over different numbers of seeds do not compare.
 */
function choose(combinations: readonly Combination[]): Combination | undefined {
  const judged = combinations
    .map((each) => ({ each, scores: known(each.runs.map(scoreOf)) }))
    .filter(({ scores }) => scores.length > 0);
  const most = Math.max(...judged.map(({ scores }) => scores.length));
  return judged
    .filter(({ scores }) => scores.length === most)
    .reduce<{ each: Combination; score: number } | undefined>((best, { each, scores }) => {
      const score = mean(scores);
      return best === undefined || score > best.score ? { each, score } : best;
    }, undefined)?.each;
}

const isFinished = ({ record }: ComparedRun): boolean => record.status === "finished";

/**
 * Of finished runs with one seed the newest that was tested: a repeated run is no further sample, and would make the
 * interval over seeds too narrow.
 * @param runs of one setting, the oldest first
 */
export function oneOfEachSeed<T extends ComparedRun>(runs: readonly T[]): T[] {
  const kept = new Map<string, T>();
  for (const run of runs.filter(isFinished)) {
    const before = kept.get(drawOf(run.experiment));
    if (before === undefined || tested(run) !== undefined || tested(before) === undefined)
      kept.set(drawOf(run.experiment), run);
  }
  return [...kept.values()];
}

/** How many finished runs of a group repeat a seed. */
const repeatsIn = ({ combinations }: Group): number =>
  [...combinations.values()].reduce(
    (sum, { runs }) => sum + runs.filter(isFinished).length - oneOfEachSeed(runs).length,
    0,
  );

function rowOf({ combinations }: Group, label: string, metric: string): ComparisonRow {
  const all = [...combinations.values()];
  const finished = all
    .map(({ tuned, runs }) => ({ tuned, runs: oneOfEachSeed(runs) }))
    .filter(({ runs }) => runs.length > 0);
  // A single combination needs no choice, and therefore no validation split.
  const chosen = all.length === 1 ? finished[0] : choose(finished);
  const runs = [...(chosen?.runs ?? [])].sort((a, b) => a.experiment.seed - b.experiment.seed);
  const withTest = runs.flatMap((run) => {
    const value = testValue(run, metric);
    return value === undefined ? [] : [{ run, value }];
  });
  const scores = known(runs.map(scoreOf));
  const values = withTest.map(({ value }) => value);
  return {
    label,
    chosen: Object.fromEntries(chosen?.tuned ?? []),
    tried: all.length,
    judged: finished.filter(({ runs: each }) => each.some((run) => scoreOf(run) !== undefined)).length,
    runs: withTest.map(({ run }) => run.id),
    seeds: withTest.map(({ run }) => run.experiment.seed),
    values,
    unfinished: all.flatMap((each) => each.runs.filter((run) => !isFinished(run)).map(({ id }) => id)),
    trainable: runs[0]?.record.trainable,
    testExamples: withTest[0] && tested(withTest[0].run)?.examples,
    validation: scores.length === 0 ? undefined : seedInterval(scores),
    test: values.length === 0 ? undefined : seedInterval(values),
  };
}

/** The arm of a sweep that all runs of a group are. */
function armOf({ combinations }: Group): string | undefined {
  const arms = [...combinations.values()].flatMap(({ runs }) => runs.map(({ experiment }) => experiment.part?.arm));
  return new Set(arms).size === 1 ? arms[0] : undefined;
}

/** Each value of a setting as text. Absolute paths are shortened to what tells them apart. */
function textsOf(values: readonly unknown[]): string[] {
  const short = shortPaths(values.filter((value) => typeof value === "string" && isAbsolute(value)) as string[]);
  return values.map((value) => (typeof value === "string" ? (short.get(value) ?? value) : JSON.stringify(value)));
}

const differs = (key: string, among: readonly Group[]): boolean =>
  new Set(among.map(({ settings }) => JSON.stringify(settings.get(key)))).size > 1;

/** Names each group by its arm, or by its method and the other settings that differ. */
function labels(groups: readonly Group[]): string[] {
  const kindOf = ({ settings }: Group): string => String(settings.get("method.kind"));
  const tasks = taskTexts(groups.map(({ settings }) => settings));
  const keys = new Set(groups.flatMap(({ settings }) => [...settings.keys()]));
  const texts = new Map([...keys].map((key) => [key, textsOf(groups.map(({ settings }) => settings.get(key)))]));
  return groups.map((group, at) => {
    const arm = armOf(group);
    const same = groups.filter((each) => (arm === undefined ? kindOf(each) === kindOf(group) : armOf(each) === arm));
    // Other tasks differ in nearly every key that they have: their names stand for them.
    const sameTask = groups.filter((_, i) => tasks[i] === tasks[at]);
    const peersOf = (key: string): readonly Group[] => {
      if (isOfTask(key)) return sameTask;
      if (OF_METHOD.test(key)) return same.filter((each) => kindOf(each) === kindOf(group));
      return arm === undefined ? groups : same;
    };
    const isOneKind = new Set(same.map(kindOf)).size === 1;
    const telling = [...group.settings.keys()].filter((key) => key !== "method.kind" && differs(key, peersOf(key)));
    return [
      arm ?? kindOf(group),
      ...(isOneKind ? [] : [kindOf(group)]),
      ...(new Set(tasks).size > 1 ? [`task=${tasks[at]}`] : []),
      ...telling.map((key) => `${key.replace(/^(method|training|task)\./, "")}=${texts.get(key)![at]}`),
    ].join(", ");
  });
}

/** What tells runs of different backbones apart besides their method. */
function backboneWarnings(runs: readonly ComparedRun[]): Phrase[] {
  const names = [...new Set(runs.map(({ experiment }) => experiment.backbone))];
  if (names.length < 2) return [];
  const kinds = new Set(runs.flatMap(({ record }) => record.isCausal ?? []));
  return [
    phrase`The runs have different backbones (${textsOf(names).join(", ")}): a difference between them is not of the method alone.`,
    ...(kinds.size > 1
      ? [
          phrase`Some of these backbones read text and answer as one sequence, others encode the text: their losses, prompts and offsets do not compare.`,
        ]
      : []),
  ];
}

function warningsOf(runs: readonly ComparedRun[], groups: readonly Group[], rows: readonly ComparisonRow[]): Phrase[] {
  const several = (values: readonly unknown[]): boolean =>
    new Set(values.map((value) => JSON.stringify(value))).size > 1;
  const sizes = rows.flatMap(({ trainable }) => (trainable === undefined ? [] : [trainable]));
  return [
    ...(several(
      runs.map(
        ({
          experiment: {
            task: { shots: _, ...task },
          },
        }) => task,
      ),
    )
      ? [phrase`The runs are of different tasks or data: their test values do not compare.`]
      : []),
    ...backboneWarnings(runs),
    ...(several(rows.flatMap(({ testExamples }) => testExamples ?? []))
      ? [phrase`The rows were tested on different numbers of examples.`]
      : []),
    ...(several(rows.filter(({ seeds }) => seeds.length > 0).map(({ seeds }) => seeds))
      ? [phrase`The rows have different seeds.`]
      : []),
    ...(Math.max(...sizes) > 1.05 * Math.min(...sizes)
      ? [phrase`The parameter counts differ by more than 5 %: give the rows one budget to compare methods.`]
      : []),
    ...rows.flatMap(({ label, tried, judged }) =>
      tried > 1 && judged < tried
        ? [phrase`${label}: ${tried - judged} of ${tried} tuned combinations could not be judged on validation.`]
        : [],
    ),
    ...groups.flatMap((group, i) => {
      const repeats = repeatsIn(group);
      return repeats === 0
        ? []
        : [phrase`${rows[i]!.label}: of runs with one seed the newest counts, ${repeats} older left out.`];
    }),
  ];
}

/**
 * Compares runs: those that differ in nothing but seed and tuned settings make one row. Of the tuned combinations, the
 * one with the best mean validation score is shown, and its test metric alone; the test split chooses nothing. Of runs
 * of one setting and seed the newest counts.
 * @param metric the test metric to show; by default the first that the runs have
 */
export function compareRuns(given: readonly ComparedRun[], metric?: string): Comparison {
  const runs = [...given].sort(
    (a, b) =>
      a.record.createdAt - b.record.createdAt || (a.experiment.part?.index ?? 0) - (b.experiment.part?.index ?? 0),
  );
  const name =
    metric ??
    runs.map((run) => leadingMetric(tested(run)?.metrics ?? {})?.name).find((each) => each !== undefined) ??
    (runs.some((run) => tested(run) !== undefined) ? LOSS : "accuracy");
  const groups = groupsOf(runs);
  const names = labels(groups);
  const rows = groups.map((group, i) => rowOf(group, names[i]!, name));
  const phrases = warningsOf(runs, groups, rows);
  return { metric: name, rows, warnings: phrases.map(english), phrases };
}
