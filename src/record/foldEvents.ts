import type { RunEvent } from "./events.ts";
import { newerText, type NewerVersion } from "../base/newerVersion.ts";
import type { RunRecord, AnalysisState } from "./record.ts";

const EMPTY: RunRecord = {
  id: "",
  name: "",
  method: "",
  task: "",
  backbone: "",
  seed: 0,
  steps: 0,
  status: "preparing",
  message: undefined,
  pid: undefined,
  createdAt: 0,
  updatedAt: 0,
  trainable: undefined,
  promptLength: undefined,
  bottleneck: undefined,
  device: undefined,
  engine: undefined,
  precision: [],
  memory: undefined,
  gpus: undefined,
  majority: undefined,
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
  newer: undefined,
};

/** Of these a record holds no more: each costs a copy of all, and a journal can be somebody else's. */
const MOST_EVALUATIONS = 10_000;

const MOST_WARNINGS = 1000;

const MOST_ANALYSES = 50;

function analysisState(
  before: AnalysisState | undefined,
  { status, label, done, total, time }: Extract<RunEvent, { type: "analysis" }>,
): AnalysisState {
  const startedAt = status === "started" ? time : (before?.startedAt ?? time);
  const took = time - startedAt;
  // Where a clock was put back meanwhile, nobody knows how long.
  return {
    status,
    label,
    done: done ?? (status === "started" ? 0 : (before?.done ?? 0)),
    total: total ?? (status === "started" ? 0 : (before?.total ?? 0)),
    startedAt,
    seconds: status === "finished" && took >= 0 ? took / 1000 : undefined,
  };
}

/** The record of a run that a newer version has written, which is said once. */
function fromNewer(record: RunRecord, newer: NewerVersion): RunRecord {
  return record.newer !== undefined ? record : { ...record, newer, warnings: [...record.warnings, newerText(newer)] };
}

/** The record after one more event; pure. */
export function applyEvent(record: RunRecord, event: RunEvent): RunRecord {
  const next = { ...record, updatedAt: event.time };
  switch (event.type) {
    case "created": {
      const { type: _, time, version, ...rest } = event;
      const created = { ...next, ...rest, createdAt: time };
      return version > 1 ? fromNewer(created, { version }) : created;
    }
    // A run started again has left its last error behind.
    case "status":
      return {
        ...next,
        error: event.status === "preparing" ? undefined : record.error,
        status: event.status,
        message: event.message,
        pid: event.pid ?? record.pid,
        queued: record.queued || event.status === "queued",
        interruptions: record.interruptions + (event.status === "interrupted" ? 1 : 0),
      };
    case "plan": {
      const { type: _, time: __, ...rest } = event;
      return { ...next, ...rest, majority: event.majority };
    }
    case "step": {
      const { type: _, time: __, ...point } = event;
      return { ...next, lastStep: point };
    }
    case "evaluation": {
      const { step, split, loss, metrics, examples, seconds } = event;
      const label = event.label ?? "trained";
      // A run resumed from before an evaluation makes it again.
      const others = record.evaluations.filter((e) => e.step !== step || e.split !== split || e.label !== label);
      if (others.length >= MOST_EVALUATIONS) return next;
      return {
        ...next,
        evaluations: [
          ...others,
          { step, split, label, loss, metrics, examples, ...(seconds !== undefined && { seconds }) },
        ],
      };
    }
    case "checkpoint":
      return { ...next, checkpointStep: event.step, bestStep: event.best ? event.step : record.bestStep };
    case "warning":
      return record.warnings.length >= MOST_WARNINGS
        ? next
        : { ...next, warnings: [...record.warnings, event.message] };
    case "git":
      return {
        ...next,
        ref: event.ref ?? record.ref,
        gitMessage: event.message ?? record.gitMessage,
        snapshotCommit: event.kind === "snapshot" ? event.commit : record.snapshotCommit,
        resultCommit: event.kind === "result" ? event.commit : record.resultCommit,
      };
    case "sources":
      return { ...next, sources: event.paths };
    case "contents":
      return { ...next, contents: event.files };
    case "analysis": {
      const before = Object.hasOwn(record.analyses, event.name) ? record.analyses[event.name] : undefined;
      return before === undefined && Object.keys(record.analyses).length >= MOST_ANALYSES
        ? next
        : { ...next, analyses: { ...record.analyses, [event.name]: analysisState(before, event) } };
    }
    case "annotated": {
      const {
        name = record.name,
        note = record.note,
        starred = record.starred,
        tags = record.tags,
        archived = record.archived,
        priority = record.priority,
      } = event;
      return {
        ...record,
        name,
        note,
        starred,
        tags,
        archived,
        priority,
        renamed: record.renamed || event.name !== undefined,
      };
    }
    case "reproduced": {
      const { type: _, time: __, ...reproduced } = event;
      return { ...next, reproduced };
    }
    case "engine": {
      const { type: _, time: __, ...engine } = event;
      return { ...next, engine };
    }
    case "precision": {
      const { type: _, time: __, ...cost } = event;
      return { ...next, precision: [...record.precision.filter(({ label }) => label !== cost.label), cost] };
    }
    case "memory": {
      const { type: _, time: __, ...memory } = event;
      return { ...next, memory };
    }
    case "heartbeat":
      return { ...next, pid: event.pid, gpus: event.gpus };
    case "newer":
      return fromNewer(next, { version: event.version });
    case "error":
      return { ...next, error: { message: event.message, action: event.action } };
  }
}

/** The record of a whole journal. */
export function foldEvents(events: Iterable<RunEvent>): RunRecord {
  let record = EMPTY;
  for (const event of events) record = applyEvent(record, event);
  return record;
}
