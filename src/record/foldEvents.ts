import { plannedSizes } from "./plannedSizes.ts";
import type { RunEvent } from "./events.ts";
import { newerPhrase, type NewerVersion } from "../base/newerVersion.ts";
import { said, type Phrase } from "../base/phrase.ts";
import { isOver, type RunRecord, type AnalysisState } from "./record.ts";

const EMPTY: RunRecord = {
  id: "",
  name: "",
  method: "",
  task: "",
  data: undefined,
  selection: undefined,
  backbone: "",
  seed: 0,
  steps: 0,
  status: "preparing",
  message: undefined,
  start: 0,
  place: undefined,
  job: undefined,
  pid: undefined,
  createdAt: 0,
  updatedAt: 0,
  trainable: undefined,
  sizes: undefined,
  device: undefined,
  engine: undefined,
  precision: [],
  memory: undefined,
  gpus: undefined,
  majority: undefined,
  isCausal: undefined,
  examples: undefined,
  lastStep: undefined,
  evaluations: [],
  queued: false,
  interruptions: 0,
  analyses: {},
  experiment: undefined,
  variant: undefined,
  sweep: undefined,
  renamed: false,
  note: "",
  starred: false,
  tags: [],
  archived: false,
  priority: 0,
  reproduced: undefined,
  bestStep: undefined,
  checkpointStep: undefined,
  warnings: [],
  sources: {},
  contents: {},
  snapshotCommit: undefined,
  resultCommit: undefined,
  ref: undefined,
  gitMessage: undefined,
  error: undefined,
  phrases: { message: undefined, gitMessage: undefined, warnings: [] },
  newer: undefined,
};

/** Upper bounds of a record's lists: adding one item copies its list, and a journal can come from another person. */
const MOST_EVALUATIONS = 10_000;

const MOST_WARNINGS = 1000;

const MOST_ANALYSES = 50;

function analysisState(
  before: AnalysisState | undefined,
  { status, label, phrase, done, total, time }: Extract<RunEvent, { type: "analysis" }>,
): AnalysisState {
  const startedAt = status === "started" ? time : (before?.startedAt ?? time);
  const took = time - startedAt;
  return {
    status,
    label,
    phrase,
    done: done ?? (status === "started" ? 0 : (before?.done ?? 0)),
    total: total ?? (status === "started" ? 0 : (before?.total ?? 0)),
    startedAt,
    // Unknown if the clock was set back meanwhile.
    seconds: status === "finished" && took >= 0 ? took / 1000 : undefined,
  };
}

function withWarning(
  { warnings, phrases }: RunRecord,
  { message, phrase }: { message: string; phrase?: Phrase | undefined },
): Partial<RunRecord> {
  return {
    warnings: [...warnings, message],
    phrases: { ...phrases, warnings: [...phrases.warnings, phrase ?? null] },
  };
}

/** Marks the record as written by a newer version, and warns once. */
function fromNewer(record: RunRecord, newer: NewerVersion): Partial<RunRecord> {
  return record.newer !== undefined ? {} : { newer, ...withWarning(record, said(newerPhrase(newer))) };
}

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** An event's values, without its type and time, and without how it came. */
function valuesOf<E extends RunEvent>(event: E): Omit<E, "type" | "time" | "posted"> {
  const { type: _, time: __, posted: ___, ...values } = event;
  return values;
}

/** A plan has the sizes by name; in older journals two of them are separate keys. */
function changesByPlan(_: RunRecord, event: EventOf<"plan">): Partial<RunRecord> {
  const { promptLength: __, bottleneck: ___, ...values } = valuesOf(event);
  return { ...values, sizes: plannedSizes(event), majority: event.majority };
}

function changesByCreated(record: RunRecord, event: EventOf<"created">): Partial<RunRecord> {
  const { version, ...values } = valuesOf(event);
  return {
    ...values,
    createdAt: event.time,
    ...(version > 1 && fromNewer(record, { version })),
  };
}

/**
 * The last number that is used up. Journals older than the numbers tell a start by its first "preparing", which may be
 * repeated while the run prepares.
 */
function startOf({ start, status }: RunRecord, event: EventOf<"status">): number {
  const isFirst = event.status === "preparing" && (status !== "preparing" || start === 0);
  const last = event.start === undefined ? start + (isFirst ? 1 : 0) : Math.max(start, event.start);
  return last + (isOver(event.status) ? 1 : 0);
}

function changesByStatus(record: RunRecord, event: EventOf<"status">): Partial<RunRecord> {
  return {
    // A run that starts again no longer shows its last error.
    error: event.status === "preparing" ? undefined : record.error,
    status: event.status,
    message: event.message,
    phrases: { ...record.phrases, message: event.phrase },
    start: startOf(record, event),
    // A worker names its start, and its job if it has one, in every status.
    job: event.start !== undefined || event.status === "preparing" ? event.job : record.job,
    pid: event.pid ?? record.pid,
    queued: record.queued || event.status === "queued",
    interruptions: record.interruptions + (event.status === "interrupted" && event.by === undefined ? 1 : 0),
  };
}

function changesByEvaluation({ evaluations }: RunRecord, event: EventOf<"evaluation">): Partial<RunRecord> {
  const { step, split, loss, metrics, examples, seconds } = event;
  const label = event.label ?? "trained";
  // A resumed run repeats the evaluations after its checkpoint.
  const others = evaluations.filter((e) => e.step !== step || e.split !== split || e.label !== label);
  if (others.length >= MOST_EVALUATIONS) return {};
  const evaluation = { step, split, label, loss, metrics, examples, ...(seconds !== undefined && { seconds }) };
  return { evaluations: [...others, evaluation] };
}

function changesByAnalysis({ analyses }: RunRecord, event: EventOf<"analysis">): Partial<RunRecord> {
  const before = Object.hasOwn(analyses, event.name) ? analyses[event.name] : undefined;
  if (before === undefined && Object.keys(analyses).length >= MOST_ANALYSES) return {};
  return { analyses: { ...analyses, [event.name]: analysisState(before, event) } };
}

function changesByAnnotation(record: RunRecord, event: EventOf<"annotated">): Partial<RunRecord> {
  return {
    name: event.name ?? record.name,
    note: event.note ?? record.note,
    starred: event.starred ?? record.starred,
    tags: event.tags ?? record.tags,
    archived: event.archived ?? record.archived,
    priority: event.priority ?? record.priority,
    renamed: record.renamed || event.name !== undefined,
    // An annotation is not progress of the run.
    updatedAt: record.updatedAt,
  };
}

/** For each type of event, what it changes in a record. */
const CHANGES: { [T in RunEvent["type"]]: (record: RunRecord, event: EventOf<T>) => Partial<RunRecord> } = {
  created: changesByCreated,
  status: changesByStatus,
  placed: (_, event) => ({ place: valuesOf(event) }),
  plan: changesByPlan,
  step: (_, event) => ({ lastStep: valuesOf(event) }),
  evaluation: changesByEvaluation,
  checkpoint: ({ bestStep }, { step, best }) => ({ checkpointStep: step, bestStep: best ? step : bestStep }),
  warning: (record, event) => (record.warnings.length >= MOST_WARNINGS ? {} : withWarning(record, event)),
  git: (record, { kind, commit, ref, message, phrase }) => ({
    ref: ref ?? record.ref,
    gitMessage: message ?? record.gitMessage,
    phrases: { ...record.phrases, gitMessage: message === undefined ? record.phrases.gitMessage : phrase },
    snapshotCommit: kind === "snapshot" ? commit : record.snapshotCommit,
    resultCommit: kind === "result" ? commit : record.resultCommit,
  }),
  sources: (_, { paths }) => ({ sources: paths }),
  contents: (_, { files }) => ({ contents: files }),
  analysis: changesByAnalysis,
  annotated: changesByAnnotation,
  reproduced: (_, event) => ({ reproduced: valuesOf(event) }),
  engine: (_, event) => ({ engine: valuesOf(event) }),
  precision: ({ precision }, event) => ({
    precision: [...precision.filter(({ label }) => label !== event.label), valuesOf(event)],
  }),
  memory: (_, event) => ({ memory: valuesOf(event) }),
  heartbeat: (_, { pid, gpus }) => ({ pid, gpus }),
  newer: (record, { version }) => fromNewer(record, { version }),
  error: (_, event) => {
    const { action, ...error } = valuesOf(event);
    return { error: { action, ...error } };
  },
};

/** Returns the record after one more event. Pure: `record` is not changed. */
export function applyEvent(record: RunRecord, event: RunEvent): RunRecord {
  // The table's type ties each function to its own type of event, which TypeScript cannot follow through the lookup.
  const changes = CHANGES[event.type] as (record: RunRecord, event: RunEvent) => Partial<RunRecord>;
  return { ...record, updatedAt: event.time, ...changes(record, event) };
}

/** Returns the record of a whole journal. Without events it is the empty record. */
export function foldEvents(events: Iterable<RunEvent>): RunRecord {
  let record = EMPTY;
  for (const event of events) record = applyEvent(record, event);
  return record;
}
