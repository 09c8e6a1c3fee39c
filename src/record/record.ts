import type { FileDigest } from "../base/fileDigest.ts";
import type { GpuUse, RunEvent, RunStatus } from "./events.ts";
import type { NewerVersion } from "../base/newerVersion.ts";

export interface Evaluation {
  step: number;
  split: "validation" | "test";
  label: string;
  loss: number;
  metrics: Record<string, number>;
  examples: number;
  seconds?: number | undefined;
}

export interface StepPoint {
  step: number;
  loss: number;
  learningRate: Record<string, number>;
  gradientNorm: Record<string, number>;
  updateRatio: Record<string, number>;
  tokensPerSecond: number;
  secondsLeft: number;
  memory?: number | undefined;
}

/** `seconds`: how long a finished one took; `label`: the part at work, or why it failed. */
export interface AnalysisState {
  status: "started" | "running" | "finished" | "failed" | "stopped";
  label: string | undefined;
  done: number;
  total: number;
  startedAt: number;
  seconds: number | undefined;
}

/** What narrower weights cost a run beside fp32. */
export type PrecisionCost = Omit<Extract<RunEvent, { type: "precision" }>, "type" | "time">;

export type Reproduction = Omit<Extract<RunEvent, { type: "reproduced" }>, "type" | "time">;

/** What a run is, folded from its journal; UI, CLI and git store all show this and nothing else. */
export interface RunRecord {
  id: string;
  name: string;
  method: string;
  task: string;
  backbone: string;
  seed: number;
  steps: number;
  status: RunStatus;
  message: string | undefined;
  pid: number | undefined;
  createdAt: number;
  updatedAt: number;
  trainable: number | undefined;
  promptLength: number | undefined;
  bottleneck: number | undefined;
  device: string | undefined;
  majority: number | undefined;
  /** the device that was chosen for it, and what the others took; undefined where the experiment names its device */
  engine: Omit<Extract<RunEvent, { type: "engine" }>, "type" | "time"> | undefined;
  /** what its narrower weights cost: before training, and after it where somebody asked */
  precision: PrecisionCost[];
  /** what its memory was forecast to be, before its first step */
  memory: Omit<Extract<RunEvent, { type: "memory" }>, "type" | "time"> | undefined;
  /** graphics processors as of the last heartbeat */
  gpus: GpuUse[] | undefined;
  examples: { train: number; validation: number; test: number } | undefined;
  lastStep: StepPoint | undefined;
  evaluations: Evaluation[];
  /** it waits, or waited, for its device; the queue goes on with it after a restart */
  queued: boolean;
  /** how often its worker ended without a word */
  interruptions: number;
  /** the experiment's own name; what tells the run from others of its sweep; the sweep */
  experiment: string | undefined;
  variant: string | undefined;
  sweep: string | undefined;
  /** its name is one that a person gave it */
  renamed: boolean;
  note: string;
  starred: boolean;
  tags: string[];
  archived: boolean;
  /** of runs that wait, higher ones go first */
  priority: number;
  /** how each analysis of the run stands */
  analyses: Record<string, AnalysisState>;
  /** how a run that repeats another came out beside it */
  reproduced: Reproduction | undefined;
  bestStep: number | undefined;
  checkpointStep: number | undefined;
  warnings: string[];
  /** where in the repository each path of the experiment lies */
  sources: Record<string, string>;
  /** what files of the experiment held at its start that its commit lacks */
  contents: Record<string, FileDigest>;
  snapshotCommit: string | undefined;
  resultCommit: string | undefined;
  ref: string | undefined;
  gitMessage: string | undefined;
  error: { message: string; action: string | undefined } | undefined;
  /** it was written by a newer ADePT Lab: what is known here of it, and it is only read */
  newer: NewerVersion | undefined;
}

/** The commit with the run's code as it was when it started; undefined where it has none. */
export const codeCommit = ({ snapshotCommit, resultCommit }: RunRecord): string | undefined =>
  snapshotCommit ?? resultCommit;

/** Whether a worker is at it, or is about to be. */
export function isLive(status: RunStatus): boolean {
  return status === "preparing" || status === "running" || status === "evaluating" || status === "stopping";
}

/** A queued run whose worker ends without a word so often is left alone: it would end so again. */
const MOST_INTERRUPTIONS = 3;

/** Whether its device's queue will still start it, or go on with it. A newer version's is that version's to start. */
export const isWaiting = ({ status, queued, interruptions, newer }: RunRecord): boolean =>
  newer === undefined &&
  (status === "queued" || (queued && status === "interrupted" && interruptions < MOST_INTERRUPTIONS));

/** Whether it is still to end without a new command: at work, or in the queue. */
export function isOpen(status: RunStatus): boolean {
  return status === "queued" || isLive(status);
}
