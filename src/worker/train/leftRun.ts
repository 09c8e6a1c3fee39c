import { phrase, said } from "../../base/phrase.ts";
import type { ClusterJob } from "../../record/clusterJob.ts";
import type { NewRunEvent } from "../../record/events.ts";

/** The exit code of a worker that has left its run: that of a process that SIGTERM ends. */
export const LEFT_CODE = 143;

/**
 * Tells that a worker has left its run because its process was asked to end. It is no fault of the run.
 * @param job the cluster's job that the worker is
 */
export const leftEvent = (job: ClusterJob | undefined): NewRunEvent => ({
  type: "status",
  status: "interrupted",
  ...(job === undefined
    ? {
        by: "signal",
        ...said(phrase`The worker was asked to end and has saved the run; resume continues from there.`),
      }
    : {
        by: "slurm",
        ...said(phrase`Slurm asked the worker to leave its node; the run is saved and goes on from there.`),
      }),
});
