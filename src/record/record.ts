import type { ClusterJob } from "./clusterJob.ts";
import type { Phrase } from "../base/phrase.ts";
import type { GpuUse, InputDigest, RunEvent, RunStatus } from "./events.ts";
import type { Selection } from "../experiment/selection.ts";
import type { NewerVersion } from "../base/newerVersion.ts";

/** One evaluation of a run on a split. */
export interface Evaluation {
  /** The training step after which it was made. */
  step: number;
  split: "validation" | "test";
  /** The model that was evaluated: "trained", "untrained", "ffn-off" or "prompt-off". */
  label: string;
  /** Mean loss per token. */
  loss: number;
  /** Metrics by name, the task's own first. */
  metrics: Record<string, number>;
  /** How many examples were evaluated. */
  examples: number;
  /** How long it took. */
  seconds?: number | undefined;
}

/** The values of one training step. Records by name have an entry for each group of trained parameters. */
export interface StepPoint {
  step: number;
  loss: number;
  learningRate: Record<string, number>;
  gradientNorm: Record<string, number>;
  /** The norm of the update divided by the norm of the parameters. */
  updateRatio: Record<string, number>;
  tokensPerSecond: number;
  /** Estimated seconds until training ends. */
  secondsLeft: number;
  /** Resident memory of the worker in bytes. */
  memory?: number | undefined;
}

/** The state of one analysis of a run. */
export interface AnalysisState {
  status: "started" | "running" | "finished" | "failed" | "stopped";
  /** The part that is being computed, or the reason of a failure. */
  label: string | undefined;
  /** The label as a phrase, for translation. */
  phrase: Phrase | undefined;
  /** Finished parts. */
  done: number;
  /** All parts. */
  total: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** How long a finished analysis took; undefined if unknown. */
  seconds: number | undefined;
}

/** How the run with a narrower backbone compares with fp32. */
export type PrecisionCost = Omit<Extract<RunEvent, { type: "precision" }>, "type" | "time">;

/** Where a cluster has placed a worker. */
export type Place = Omit<Extract<RunEvent, { type: "placed" }>, "type" | "time">;

/** How a reproduction compares with the run that it repeats. */
export type Reproduction = Omit<Extract<RunEvent, { type: "reproduced" }>, "type" | "time">;

/** The error that ended a run: in English, and for a UserError also with its code and phrases. */
export interface RecordError {
  message: string;
  action: string | undefined;
  code?: string | undefined;
  phrase?: Phrase | undefined;
  actionPhrase?: Phrase | undefined;
}

/** Phrases of a record's `message`, `gitMessage` and, place by place, `warnings`. */
export interface RecordPhrases {
  message: Phrase | undefined;
  gitMessage: Phrase | undefined;
  warnings: (Phrase | null)[];
}

/** The state of a run, folded from its journal. UI, command line and commits show this and nothing else. */
export interface RunRecord {
  id: string;
  name: string;
  /** The method's kind. */
  method: string;
  /** The name of a named task, else the task's kind. */
  task: string;
  /** The path of the task's training data or folder; undefined for mails, and in older journals. */
  data: string | undefined;
  /** What the checkpoint is chosen by on validation; undefined in older journals. */
  selection: Selection | undefined;
  backbone: string;
  seed: number;
  /** The number of training steps planned. */
  steps: number;
  status: RunStatus;
  /** What the last status event says. */
  message: string | undefined;
  /**
   * The highest number of a start that is used up, 0 before the first. A worker begins only under a higher one. The end
   * of a run uses up one more: who decided before it to start the run does not begin it anew.
   */
  start: number;
  /** The cluster's job that the last start was. */
  job: ClusterJob | undefined;
  /** Where a cluster has placed the last worker; undefined for one of the submitting machine. */
  place: Place | undefined;
  /** The process id of the worker that wrote last. */
  pid: number | undefined;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** The number of trained parameters. */
  trainable: number | undefined;
  /** The method's sizes by its names for them. */
  sizes: Readonly<Record<string, number>> | undefined;
  /** The device and engine that train the run, for display. */
  device: string | undefined;
  /** The test accuracy of always answering the training split's most frequent label. */
  majority: number | undefined;
  /** Whether the backbone reads text and answer as one sequence; undefined before the plan, and in older journals. */
  isCausal: boolean | undefined;
  /** The device chosen by measurement, and the times of the others; undefined if the experiment names its device. */
  engine: Omit<Extract<RunEvent, { type: "engine" }>, "type" | "time"> | undefined;
  /** Comparisons of narrower weights with fp32: one before training, and one after it if it was asked for. */
  precision: PrecisionCost[];
  /** The forecast of the memory need, made before the first step. */
  memory: Omit<Extract<RunEvent, { type: "memory" }>, "type" | "time"> | undefined;
  /** The use of graphics processors at the last heartbeat. */
  gpus: GpuUse[] | undefined;
  /** The number of examples in each split. */
  examples: { train: number; validation: number; test: number } | undefined;
  lastStep: StepPoint | undefined;
  /** All evaluations, in the order of the journal. */
  evaluations: Evaluation[];
  /** Whether the run has ever waited in a queue; after a restart the queue resumes it. */
  queued: boolean;
  /** How often the worker ended without writing a final status; not how often it was asked to leave. */
  interruptions: number;
  /** The experiment's name. */
  experiment: string | undefined;
  /** The settings that tell this run from others of its sweep, without its seed. */
  variant: string | undefined;
  /** The id of the sweep that the run belongs to. */
  sweep: string | undefined;
  /** Whether a person has given the run its name. */
  renamed: boolean;
  note: string;
  starred: boolean;
  tags: string[];
  archived: boolean;
  /** Waiting runs with a higher priority are started first. */
  priority: number;
  /** The state of each analysis by its name. */
  analyses: Record<string, AnalysisState>;
  /** If this run repeats another, how the two compare. */
  reproduced: Reproduction | undefined;
  /** The step of the best checkpoint by validation. */
  bestStep: number | undefined;
  /** The step of the last checkpoint. */
  checkpointStep: number | undefined;
  warnings: string[];
  /** The path inside the repository of each input path of the experiment. */
  sources: Record<string, string>;
  /** What the input files held at the run's start; in older journals only those that its commit does not contain. */
  contents: Record<string, InputDigest>;
  /** The commit of the code at the run's start. */
  snapshotCommit: string | undefined;
  /** The commit with the run's results. */
  resultCommit: string | undefined;
  /** The git ref of the run. */
  ref: string | undefined;
  /** What git reported about the last commit, or why there is none. */
  gitMessage: string | undefined;
  error: RecordError | undefined;
  /** The sentences above as phrases, for translation; older journals have none. */
  phrases: RecordPhrases;
  /**
   * Set if a newer ADePT Lab has written to the run; the record then has only what this version understands, and the
   * run is only read.
   */
  newer: NewerVersion | undefined;
}

/** The commit with the code as it was at the run's start; undefined if there is none. */
export const codeCommit = ({ snapshotCommit, resultCommit }: RunRecord): string | undefined =>
  snapshotCommit ?? resultCommit;

/** Whether a worker is training the run, or is about to. */
export function isLive(status: RunStatus): boolean {
  return status === "preparing" || status === "running" || status === "evaluating" || status === "stopping";
}

/** Whether the run has ended, so that only a person starts it again. */
export const isOver = (status: RunStatus): boolean =>
  status === "finished" || status === "stopped" || status === "failed";

/** A queued run whose worker ends this often without a final status is not started again: it would end so again. */
const MOST_INTERRUPTIONS = 3;

/** Whether the queue will still start or resume the run. It leaves a run of a newer version alone. */
export const isWaiting = ({ status, queued, interruptions, newer }: RunRecord): boolean =>
  newer === undefined &&
  (status === "queued" || (queued && status === "interrupted" && interruptions < MOST_INTERRUPTIONS));

/** Whether the run will still end without a new command: it is in training or in the queue. */
export function isOpen(status: RunStatus): boolean {
  return status === "queued" || isLive(status);
}
