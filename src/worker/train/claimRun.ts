import type { UserError } from "../../base/errors.ts";
import { admittedStart, type StartRequest } from "../../record/admittedStart.ts";
import type { ClusterJob } from "../../record/clusterJob.ts";
import type { RunRecord } from "../../record/record.ts";
import type { LeaseTerms } from "../../run/lease/leaseContent.ts";
import { StillWatch } from "./stillWatch.ts";

/** The time that a worker waits for a lease: a process that appends to the journal takes it for a moment. */
const TRIES = 20;
const WAIT_MS = 100;

type Awaitable<T> = T | Promise<T>;

/** A run that a worker may begin; RunDirectory is one. Each call is one step, between which others may act. */
export interface ClaimableRun {
  record: () => Awaitable<RunRecord>;
  acquireLease: (pid: number, terms: LeaseTerms) => Awaitable<boolean>;
  releaseLease: () => Awaitable<void>;
  isWorkerAlive: () => Awaitable<boolean>;
  /** The content of the lease, if an earlier start of the job holds it. */
  leaseOfEarlierStart: (job: ClusterJob, isWholeJob?: boolean) => Awaitable<string | undefined>;
  busyError: () => UserError;
}

/** Waits, and tells the time on a clock that nobody can set. */
export interface Clock {
  /** Milliseconds since some moment. */
  now: () => number;
  pause: (milliseconds: number) => Promise<void>;
}

export const OWN_CLOCK: Clock = {
  now: () => performance.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Takes the lease of a run for a start, unless another worker has begun that start or the run is over. The number is
 * examined under the lease, where nobody else can use it up. A job that its cluster has started again may find that the
 * start before it still has the lease, on a node that has lost its power or its connection: it waits until that one
 * ends, or shows no sign of life for STILL_MS.
 * @param signal ends the waiting
 * @returns the number of the start, or undefined if there is nothing to do for it
 * @throws UserError when another worker is at work
 */
export async function claimRun(
  run: ClaimableRun,
  request: StartRequest,
  clock: Clock = OWN_CLOCK,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { job, isWholeJob } = request;
  const watch = new StillWatch(clock.now);
  for (let attempt = 1; signal?.aborted !== true;) {
    const start = admittedStart(await run.record(), request);
    if (start === undefined && !(await run.isWorkerAlive())) return undefined;
    const earlier = job === undefined ? undefined : await run.leaseOfEarlierStart(job, isWholeJob);
    const terms = { start, job, still: watch.see(earlier) };
    if (start !== undefined && (await run.acquireLease(process.pid, terms))) {
      if (admittedStart(await run.record(), request) === start) return start;
      await run.releaseLease();
    }
    if (earlier === undefined && attempt++ === TRIES) throw run.busyError();
    await clock.pause(WAIT_MS);
  }
  return undefined;
}
