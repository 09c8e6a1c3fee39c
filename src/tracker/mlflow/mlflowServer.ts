import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Point, TrackedRun } from "../trackedRun.ts";
import { askMlflow, FIRST_PATH, putArtifact, type MlflowPlace } from "./mlflowRequest.ts";
import { mlflowRun, RUN_TAG, type MlflowRun } from "./mlflowRun.ts";

/** What the server takes in one call: metrics, parameters, tags. */
const MOST = { metrics: 1000, params: 100, tags: 100 };
/** Points of one page of a metric's history. */
const PAGE = 25_000;
const ABSENT = "RESOURCE_DOES_NOT_EXIST";
const THERE = "RESOURCE_ALREADY_EXISTS";

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);

/** The text under a key of an answer. @throws UserError where there is none */
function textOf(value: Json, key: string, { address }: MlflowPlace): string {
  const found = value[key];
  if (typeof found === "string" && found !== "") return found;
  throw new UserError(
    "mlflow-answer-malformed",
    phrase`The MLflow server ${address} answered without ${key}`,
    phrase`Check that it is an MLflow tracking server, of version 2 or later.`,
  );
}

/** Asks, where no error is expected. */
async function ask(place: MlflowPlace, path: string, body: object): Promise<Json> {
  return objectOf(await askMlflow(place, { path, body }));
}

/** The experiment of a name, which is made where there is none. @returns its id */
async function experimentId(place: MlflowPlace, name: string): Promise<string> {
  const query = { experiment_name: name };
  let found = await askMlflow(place, { path: FIRST_PATH, query }, ABSENT);
  if (found === ABSENT) {
    const made = await askMlflow(place, { path: "experiments/create", body: { name } }, THERE);
    if (typeof made !== "string") return textOf(made, "experiment_id", place);
    // Somebody else was faster.
    found = await askMlflow(place, { path: FIRST_PATH, query });
  }
  const experiment = objectOf(objectOf(found)["experiment"]);
  if (experiment["lifecycle_stage"] === "deleted")
    throw new UserError(
      "mlflow-experiment-in-trash",
      phrase`The experiment ${name} was deleted on the MLflow server ${place.address}`,
      phrase`Restore it there, or delete it for good.`,
    );
  return textOf(experiment, "experiment_id", place);
}

/** A run as the server has it. */
interface Kept {
  id: string;
  /** Where its artifacts lie behind the server; undefined where they lie elsewhere. */
  artifacts: string | undefined;
  /** The last step of each metric. */
  lastSteps: ReadonlyMap<string, number>;
  params: ReadonlySet<string>;
  tags: ReadonlyMap<string, string>;
}

function keptRun(run: Json, place: MlflowPlace): Kept {
  const info = objectOf(run["info"]);
  const data = objectOf(run["data"]);
  const [, artifacts] = /^mlflow-artifacts:\/(?!\/)(.+)$/.exec(String(info["artifact_uri"])) ?? [];
  return {
    id: textOf(info, "run_id", place),
    artifacts,
    lastSteps: new Map(listOf(data["metrics"]).map(({ key, step }) => [String(key), Number(step ?? 0)])),
    params: new Set(listOf(data["params"]).map(({ key }) => String(key))),
    tags: new Map(listOf(data["tags"]).map(({ key, value }) => [String(key), typeof value === "string" ? value : ""])),
  };
}

const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

/** The server's run of a run of ours, found by its tag, or made. */
async function findOrMake(place: MlflowPlace, id: string, run: MlflowRun): Promise<Kept> {
  const experiment = await experimentId(place, run.experiment);
  const found = await ask(place, "runs/search", {
    experiment_ids: [experiment],
    filter: `tags.\`${RUN_TAG}\` = ${quoted(id)}`,
    run_view_type: "ACTIVE_ONLY",
    max_results: 1,
    order_by: ["attributes.start_time ASC"],
  });
  const [first] = listOf(found["runs"]);
  if (first !== undefined) return keptRun(first, place);
  const made = await ask(place, "runs/create", {
    experiment_id: experiment,
    start_time: run.startedAt,
    run_name: run.name,
    tags: [{ key: RUN_TAG, value: id }],
  });
  return keptRun(objectOf(made["run"]), place);
}

/** The steps that the server has of a metric. */
async function knownSteps(place: MlflowPlace, id: string, key: string): Promise<Set<number>> {
  const steps = new Set<number>();
  for (let page: string | undefined = ""; page !== undefined;) {
    const query = { run_id: id, metric_key: key, max_results: String(PAGE), ...(page !== "" && { page_token: page }) };
    const answer = objectOf(await askMlflow(place, { path: "metrics/get-history", query }));
    for (const { step } of listOf(answer["metrics"])) steps.add(Number(step ?? 0));
    const next: unknown = answer["next_page_token"];
    page = typeof next === "string" && next !== "" ? next : undefined;
  }
  return steps;
}

/** The last step that the server has of each metric of a run. @param id the server's id of the run */
export async function lastSteps(place: MlflowPlace, id: string): Promise<ReadonlyMap<string, number>> {
  const answer = objectOf(await askMlflow(place, { path: "runs/get", query: { run_id: id } }));
  return keptRun(objectOf(answer["run"]), place).lastSteps;
}

/** A point with the name of its metric. */
export interface NamedPoint extends Point {
  key: string;
}

/**
 * The points that a server lacks, in the order of time. A step that it has stays as it is: a server takes no point
 * back, and what a resumed run repeats has the same loss.
 */
async function missingPoints(place: MlflowPlace, { id, lastSteps }: Kept, run: MlflowRun): Promise<NamedPoint[]> {
  const missing: NamedPoint[] = [];
  for (const [key, points] of run.metrics) {
    const last = lastSteps.get(key);
    if (last !== undefined && last === points.at(-1)?.step) continue;
    const known = last === undefined ? new Set<number>() : await knownSteps(place, id, key);
    for (const point of points) if (!known.has(point.step)) missing.push({ ...point, key });
  }
  return missing.sort((a, b) => a.time - b.time);
}

/** A number as the server's JSON has it. */
function jsonNumber(value: number): number | string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return value;
  return value > 0 ? "Infinity" : "-Infinity";
}

/** Sends points, as many at once as the server takes. */
export async function sendPoints(
  place: MlflowPlace,
  id: string,
  points: readonly NamedPoint[],
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<void> {
  for (let from = 0; from < points.length; from += MOST.metrics) {
    const metrics = points.slice(from, from + MOST.metrics).map(({ key, value, time, step }) => ({
      key,
      value: jsonNumber(value),
      timestamp: Math.round(time),
      step,
    }));
    await ask(place, "runs/log-batch", { run_id: id, metrics });
    onProgress(Math.min(points.length, from + MOST.metrics), points.length);
  }
}

/** Sends pairs of a kind that the server lacks. */
async function sendPairs(
  place: MlflowPlace,
  id: string,
  kind: "params" | "tags",
  pairs: readonly [string, string][],
): Promise<void> {
  for (let from = 0; from < pairs.length; from += MOST[kind]) {
    const some = pairs.slice(from, from + MOST[kind]).map(([key, value]) => ({ key, value }));
    await ask(place, "runs/log-batch", { run_id: id, [kind]: some });
  }
}

async function sendTags(place: MlflowPlace, { id, tags: known }: Kept, tags: MlflowRun["tags"]): Promise<void> {
  await sendPairs(
    place,
    id,
    "tags",
    [...tags].filter(([key, value]) => known.get(key) !== value),
  );
  const gone = [...known.keys()].filter((key) => key.startsWith("adept.") && !tags.has(key));
  for (const key of gone) await askMlflow(place, { path: "runs/delete-tag", body: { run_id: id, key } }, ABSENT);
}

/**
 * Brings a run on a tracking server up to what it is here. What the server has is not sent again.
 * @returns the server's id of the run
 * @throws UserError where the server cannot be reached or refuses
 */
export async function exportToMlflowServer(
  tracked: TrackedRun,
  experiment: Experiment,
  place: MlflowPlace,
  onProgress?: (done: number, all: number) => void,
): Promise<string> {
  const run = mlflowRun(tracked);
  const kept = await findOrMake(place, tracked.id, run);
  const { id } = kept;
  // A parameter stays what it was first: none is sent before the run has found out the last of its settings.
  if (tracked.settings.has("trainable") || run.endedAt !== undefined)
    await sendPairs(
      place,
      id,
      "params",
      [...run.parameters].filter(([key]) => !kept.params.has(key)),
    );
  await sendTags(place, kept, run.tags);
  await sendPoints(place, id, await missingPoints(place, kept, run), onProgress);
  if (kept.artifacts !== undefined)
    await putArtifact(place, `${kept.artifacts}/experiment.json`, `${JSON.stringify(experiment, null, 2)}\n`);
  const { status, endedAt, name } = run;
  await ask(place, "runs/update", {
    run_id: id,
    status,
    run_name: name,
    ...(endedAt !== undefined && { end_time: endedAt }),
  });
  return id;
}
