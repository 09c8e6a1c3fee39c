import { createHash } from "node:crypto";
import type { RunStatus } from "../../record/events.ts";
import { runFacts } from "../runFacts.ts";
import type { Point, TrackedRun } from "../trackedRun.ts";

/** MLflow's longest name of an experiment, key, value of a parameter, and value of a tag, in characters. */
const LONGEST = { experiment: 500, key: 250, parameter: 6000, tag: 8000 };

/** The state of a run in MLflow's words. */
export type MlflowStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** A run as MLflow keeps it, in its folder or on its server. */
export interface MlflowRun {
  /** The name of the MLflow experiment. */
  experiment: string;
  name: string;
  status: MlflowStatus;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | undefined;
  parameters: ReadonlyMap<string, string>;
  tags: ReadonlyMap<string, string>;
  metrics: ReadonlyMap<string, readonly Point[]>;
}

/** The tag by which an exported run is found again. */
export const RUN_TAG = "adept.run";

const STATUS: Record<RunStatus, MlflowStatus> = {
  queued: "SCHEDULED",
  preparing: "RUNNING",
  running: "RUNNING",
  evaluating: "RUNNING",
  stopping: "RUNNING",
  finished: "FINISHED",
  stopped: "KILLED",
  interrupted: "KILLED",
  failed: "FAILED",
};

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/**
 * A name as MLflow accepts it for metrics, parameters and tags: letters, digits and a few signs, in parts between
 * slashes. It is also a path in MLflow's folder, so that no part leads out of it.
 */
export function mlflowKey(name: string): string {
  const parts = name
    .replace(/[^\p{L}\p{N}_\-. /]/gu, "_")
    .split("/")
    .map((part) => (/^[. ]*$/.test(part) ? `_${part.replaceAll(".", "_")}` : part));
  const key = parts.join("/");
  // Names that are alike at their beginning stay different.
  return key.length <= LONGEST.key ? key : `${key.slice(0, LONGEST.key - 9)}_${digest(name, 8)}`;
}

/** Values under MLflow's names; a name that is taken, or is the folder of another or inside it, gets a number. */
function underKeys<T, R>(values: ReadonlyMap<string, T>, valueOf: (value: T) => R): Map<string, R> {
  const keys = new Map<string, R>();
  const taken = new Set<string>();
  const isFree = (key: string): boolean =>
    !taken.has(key.toLowerCase()) &&
    ![...keys.keys()].some((each) => key.toLowerCase().startsWith(`${each.toLowerCase()}/`));
  for (const [name, value] of values) {
    const first = mlflowKey(name);
    let key = first;
    for (let n = 2; !isFree(key); n += 1) key = `${first.replaceAll("/", "_")}_${n}`;
    keys.set(key, valueOf(value));
    // The folders above a file are taken as names of files.
    const parts = key.toLowerCase().split("/");
    for (let n = 1; n <= parts.length; n += 1) taken.add(parts.slice(0, n).join("/"));
  }
  return keys;
}

function tagsOf(run: TrackedRun): Map<string, string> {
  const { record } = run;
  // MLflow has places of its own for these two.
  const { name: _, note: __, ...facts } = runFacts(run);
  const own = Object.entries(facts).map(([name, value]): [string, string] => [`adept.${name}`, String(value)]);
  const known: [string, string | undefined][] = [
    ["mlflow.runName", run.name],
    ["mlflow.source.name", "adept"],
    ["mlflow.source.type", "LOCAL"],
    ["mlflow.source.git.commit", record.snapshotCommit],
    ["mlflow.note.content", record.note === "" ? undefined : record.note],
    ...own,
  ];
  return new Map(known.flatMap(([key, value]) => (value === undefined ? [] : [[key, cut(value, LONGEST.tag)]])));
}

/** What MLflow keeps of a run. Pure. */
export const mlflowRun = (run: TrackedRun): MlflowRun => ({
  experiment: cut(run.experiment, LONGEST.experiment),
  name: run.name,
  status: STATUS[run.record.status],
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  parameters: underKeys(run.settings, (value) => cut(String(value), LONGEST.parameter)),
  tags: tagsOf(run),
  metrics: underKeys(run.series, (points) => points),
});

/** The beginning of a text's SHA-256, in hexadecimal. */
export const digest = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);
