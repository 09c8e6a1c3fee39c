import * as z from "zod";

/** A job of a cluster, as its scheduler names it; a job that the scheduler starts again keeps its id. */
export const ClusterJob = z.object({
  /** The cluster's name; empty if the scheduler gives none. */
  cluster: z.string().max(300),
  /** The job's id, of a task of an array with the task's index: "17_3". */
  id: z.string().min(1).max(300),
  /** How often the scheduler has started the job again. */
  restart: z.number().int().min(0).max(1_000_000),
});
export type ClusterJob = z.infer<typeof ClusterJob>;

/**
 * Whether `later` is a restart of the job that `earlier` was a start of.
 * @param orSame whether the same number is one too: a controller that was killed before it had saved that a job ran
 * starts it again under the number that it had
 */
export const isLaterStart = (later: ClusterJob | undefined, earlier: ClusterJob | undefined, orSame = false): boolean =>
  later !== undefined &&
  earlier !== undefined &&
  later.cluster === earlier.cluster &&
  later.id === earlier.id &&
  (later.restart > earlier.restart || (orSame && later.restart === earlier.restart));
