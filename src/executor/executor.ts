import type { ChildProcess } from "node:child_process";
import type { UserError } from "../base/errors.ts";
import type { Phrase } from "../base/phrase.ts";
import type { ExecutorKind } from "../experiment/executorSpec.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import type { WorkerPlace } from "./workerProcess.ts";

/** Where runs lie, and how their workers are started. */
export interface ExecutorPlace extends WorkerPlace {
  runsDir: string;
}

/** What of a submission has got a place, and why the rest waits here. */
export interface Placement {
  /** Runs that wait until somebody submits them again. */
  left: number;
  why?: UserError | undefined;
}

/** The runs of a submission. */
export interface Submitted {
  runs: RunDirectory[];
  queued: boolean;
  /** The sweep's id if there are several runs. */
  sweep: string | undefined;
  /** The worker of a single run that was started at once. */
  child?: ChildProcess;
  /** Settles when the executor has the runs; it never rejects. */
  placed: Promise<Placement>;
}

/** What an executor says of a run: of how it comes to a worker, not of what it has trained, which its journal says. */
export interface Where {
  /** "unknown": nobody can say at the moment; never an end. */
  state: "waiting" | "working" | "ended" | "unknown";
  /** The job as the executor names it; empty where there is none. */
  job: string;
  /** The executor's own word for the state, such as TIMEOUT. */
  word?: string | undefined;
  /** Why it waits, or why it ended, in the executor's words. */
  reason?: string | undefined;
  /** What helps, where it never starts unless a person changes something. */
  never?: Phrase | undefined;
  node?: string | undefined;
  /** Milliseconds since the epoch: when it started or is expected to, and when its time is over. */
  startsAt?: number | undefined;
  endsAt?: number | undefined;
  /** How often the executor has started the job again. */
  restarts: number;
  /** Exit code of an ended job; a signal's number is negative. */
  exit?: number | undefined;
  /**
   * Set where the executor answers and lists the job no more, so that it may have ended: until when (milliseconds since
   * the epoch) it is looked for, and whether the run's worker gives signs of life.
   */
  unlisted?: { until: number; alive: boolean } | undefined;
}

/** The end of what somebody has written of a run: its own processes, or a job of a cluster. */
export interface RunLog {
  /** Whose it is, such as "log.txt" or "job 17_3". */
  title: string;
  path: string;
  text: string;
  /** Bytes that are left out before the text. */
  before: number;
}

/** How runs are made. */
export interface SubmitOptions {
  /** Whether runs may be committed. */
  git: boolean;
  /** Whether even a single run waits in the queue. */
  queued?: boolean | undefined;
  /** Where runs are kept for trackers while they train, as a person has written it: not checked. */
  trackers?: unknown;
}

/** What has runs trained: this machine's own processes, or a cluster. */
export interface Executor {
  readonly kind: ExecutorKind;
  /**
   * Checks what can be known before any run is made.
   * @throws UserError when the executor would refuse a run
   */
  check(experiments: readonly Experiment[]): Promise<void>;
  /**
   * Makes the folders of runs, and has them trained.
   * @param id the submission's id, with which the runs were read
   */
  submit(experiments: readonly Experiment[], id: string, options: SubmitOptions): Submitted;
  /**
   * Has a run trained further, also one that has ended.
   * @param seen the number of the last start that the person knew of who wants it; of a later one, it is not meant
   * @returns the worker, where it is a process of this machine
   * @throws UserError when a worker is training the run, or a newer version has written to it
   */
  resume(run: RunDirectory, seen?: number): ChildProcess | undefined;
  /**
   * Says where runs are, each by its id.
   * @param maxAge milliseconds that an answer, which all processes share, may be old; by default as settings say
   */
  look(runs: readonly RunDirectory[], maxAge?: number): Promise<ReadonlyMap<string, Where>>;
  /** Ends runs: one that waits is taken out, one at work keeps what it has trained. */
  stop(runs: readonly RunDirectory[]): Promise<void>;
  /**
   * What a run's processes have printed, and where they were, oldest first.
   * @param most bytes of each that are read, from its end
   * @throws UserError when one cannot be read
   */
  logs(run: RunDirectory, most: number): RunLog[];
}
