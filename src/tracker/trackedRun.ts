import type { Experiment } from "../experiment/experiment.ts";
import type { RunEvent } from "../record/events.ts";
import { isOver, type Evaluation, type RunRecord, type StepPoint } from "../record/record.ts";
import { stepPoints } from "../record/stepPoints.ts";

/** What a run on disk says of itself. */
export interface RunSource {
  id: string;
  experiment: Experiment;
  record: RunRecord;
  /** All events of its journal, in order. */
  events: readonly RunEvent[];
}

/** A value of a setting; a list is its JSON text. */
export type SettingValue = string | number | boolean;

/** One value of a series. */
export interface Point {
  step: number;
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
}

/** Every tracker's view of a run: flat settings, named series of values, results at its end. */
export interface TrackedRun {
  id: string;
  name: string;
  /** The name of the experiment that the run is one of. */
  experiment: string;
  record: RunRecord;
  /** Settings by name, such as "method.promptLength", and what was found out from them, such as "trainable". */
  settings: ReadonlyMap<string, SettingValue>;
  /** Values over steps by name, such as "train/loss", each in the order of its steps. */
  series: ReadonlyMap<string, readonly Point[]>;
  /** The values that a table has of the run: all test evaluations, and the validation of its best step. */
  results: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Milliseconds since the epoch; undefined while the run goes on. */
  endedAt: number | undefined;
}

/** Keys of an experiment that are no setting of its training. */
const NOT_SETTINGS = ["$schema", "name", "part", "reproduces", "git"];

/** Adds the values of a parsed JSON value to `into`, by their path with dots. */
function flatten(value: unknown, path: string, into: Map<string, SettingValue>): void {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") into.set(path, value);
  else if (Array.isArray(value)) into.set(path, JSON.stringify(value));
  else if (typeof value === "object" && value !== null)
    for (const [key, each] of Object.entries(value)) flatten(each, `${path}.${key}`, into);
}

function settingsOf({ experiment, record }: RunSource): Map<string, SettingValue> {
  const settings = new Map<string, SettingValue>();
  for (const [key, value] of Object.entries(experiment)) if (!NOT_SETTINGS.includes(key)) flatten(value, key, settings);
  flatten(record.sizes, "sizes", settings);
  flatten(record.trainable, "trainable", settings);
  flatten(record.device, "device", settings);
  flatten(record.examples, "examples", settings);
  return settings;
}

/** A split, and of a model that is not the trained one also its label: "test", "test_ffn-off". */
const placeOf = ({ split, label }: Pick<Evaluation, "split" | "label">): string =>
  label === "trained" ? split : `${split}_${label}`;

type TimedEvaluation = Evaluation & { time: number };

/** Evaluations by step; of those that a resumed run repeats, the later counts. */
function evaluationsOf(events: readonly RunEvent[]): TimedEvaluation[] {
  const found = new Map<string, TimedEvaluation>();
  for (const event of events) {
    if (event.type !== "evaluation") continue;
    const { step, split, label = "trained", loss, metrics, examples, time } = event;
    found.set(JSON.stringify([step, split, label]), { step, split, label, loss, metrics, examples, time });
  }
  return [...found.values()].sort((a, b) => a.step - b.step);
}

/** The times of steps; of those that a resumed run repeats, the later counts. */
const timesOf = (events: readonly RunEvent[]): Map<number, number> =>
  new Map(events.flatMap((event) => (event.type === "step" ? [[event.step, event.time]] : [])));

function stepValues({ loss, tokensPerSecond, memory, ...groups }: StepPoint): [string, number][] {
  const named = (name: string, values: Record<string, number>): [string, number][] =>
    Object.entries(values).map(([group, value]) => [`${name}/${group}`, value]);
  return [
    ["train/loss", loss],
    ...named("learning_rate", groups.learningRate),
    ...named("gradient_norm", groups.gradientNorm),
    ...named("update_ratio", groups.updateRatio),
    ["train/tokens_per_second", tokensPerSecond],
    ...(memory === undefined ? [] : ([["train/memory_bytes", memory]] as [string, number][])),
  ];
}

const evaluationValues = (evaluation: Evaluation): [string, number][] =>
  Object.entries({ loss: evaluation.loss, ...evaluation.metrics }).map(([name, value]) => [
    `${placeOf(evaluation)}/${name}`,
    value,
  ]);

function seriesOf(events: readonly RunEvent[], evaluations: readonly TimedEvaluation[]): Map<string, Point[]> {
  const series = new Map<string, Point[]>();
  const add = (values: readonly [string, number][], step: number, time: number): void => {
    for (const [name, value] of values) {
      const points = series.get(name) ?? [];
      points.push({ step, time, value });
      series.set(name, points);
    }
  };
  const times = timesOf(events);
  for (const point of stepPoints(events)) add(stepValues(point), point.step, times.get(point.step) ?? 0);
  for (const each of evaluations) add(evaluationValues(each), each.step, each.time);
  return series;
}

/** All test evaluations, the last of each model; the validation at the best step, or without one the last. */
function resultsOf(evaluations: readonly TimedEvaluation[], bestStep: number | undefined): Map<string, number> {
  const results = new Map<string, number>();
  for (const each of evaluations)
    if (each.split === "test" || bestStep === undefined || each.step === bestStep || each.label !== "trained")
      for (const [name, value] of evaluationValues(each)) results.set(name, value);
  return results;
}

/** When the run ended, as its last status says; undefined while it goes on. */
function endOf({ status }: RunRecord, events: readonly RunEvent[]): number | undefined {
  if (!isOver(status) && status !== "interrupted") return undefined;
  return events.findLast((event) => event.type === "status")?.time;
}

/** Reads what trackers show of a run. Pure. */
export function trackedRun(source: RunSource): TrackedRun {
  const { id, experiment, record, events } = source;
  const evaluations = evaluationsOf(events);
  return {
    id,
    name: record.name || experiment.name,
    experiment: record.experiment ?? experiment.name,
    record,
    settings: settingsOf(source),
    series: seriesOf(events, evaluations),
    results: resultsOf(evaluations, record.bestStep),
    startedAt: record.createdAt,
    endedAt: endOf(record, events),
  };
}

/** What was measured of a run after a step. */
export interface StepRow {
  step: number;
  /** Milliseconds since the epoch: the first of its values. */
  time: number;
  values: Map<string, number>;
}

function grouped({ series }: TrackedRun, keyOf: (point: Point) => string | number): StepRow[] {
  const rows = new Map<string | number, StepRow>();
  for (const [name, points] of series)
    for (const point of points) {
      const key = keyOf(point);
      const row = rows.get(key) ?? { step: point.step, time: point.time, values: new Map<string, number>() };
      row.values.set(name, point.value);
      rows.set(key, row);
    }
  return [...rows.values()];
}

/** The series of a run as rows, one for each step that has any value, in the order of the steps. */
export const stepRows = (run: TrackedRun): StepRow[] =>
  grouped(run, ({ step }) => step).sort((a, b) => a.step - b.step);

/** The series of a run as rows in the order of time: a step and its validation are two. */
export const timedRows = (run: TrackedRun): StepRow[] =>
  grouped(run, ({ step, time }) => `${step} ${time}`).sort((a, b) => a.time - b.time || a.step - b.step);
