import { isOtherStart, type ClusterJob } from "./clusterJob.ts";
import { isOver, type RunRecord } from "./record.ts";

/** What a worker was started for. */
export interface StartRequest {
  /** The number of the start: one more than the run had when somebody decided to start it. */
  number: number;
  /** The cluster's job that the worker is. */
  job?: ClusterJob | undefined;
  /**
   * Whether each start of the job is this one worker. Then another worker of the job is another start of it, whatever
   * its number; in a job in which a person works there may be several at once.
   */
  isWholeJob?: boolean | undefined;
}

/** Returns the number for a start that is decided on now, from the record on which the decision rests. */
export const nextStart = ({ start }: Pick<RunRecord, "start">): number => start + 1;

/**
 * Returns the number under which a worker may begin a run, or undefined if its own is used up: since somebody decided
 * to start it, another worker has begun the run, or the run has ended. Numbers only grow, and the journal has the last
 * one, so that of all workers that were started for one number one alone begins. The exception is a job that
 * its cluster starts again, with the arguments of the first time: it continues what its own earlier start has begun.
 */
export function admittedStart(
  record: Pick<RunRecord, "start" | "status" | "job">,
  { number, job, isWholeJob }: StartRequest,
): number | undefined {
  if (number > record.start) return number;
  return isOtherStart(job, record.job, isWholeJob) && !isOver(record.status) ? nextStart(record) : undefined;
}
