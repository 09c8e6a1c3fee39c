import { UserError } from "../../base/errors.ts";
import { slurmCommand } from "./slurmCommand.ts";
import type { SlurmTask } from "./slurmTask.ts";

/**
 * How long (ms) a worker that was asked to leave stays until it is killed. Clusters kill within KillWait; a person who
 * sent the signal alone does not, and the node is free after this.
 */
const STAY = 10 * 60_000;
/** How often, and at which interval (ms), a controller that does not answer is asked to requeue. */
const TRIES = 6;
const PAUSE = 5000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks Slurm to start this job again. @returns whether it will; if not, the job's output says why */
async function requeued(job: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++)
    try {
      // A task by its array and index: the last task of an array has the array's own number as its job id.
      await slurmCommand("scontrol", ["requeue", job]);
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error.code === "slurm-away" && attempt < TRIES) {
        await pause(PAUSE);
        continue;
      }
      console.error(`not requeued: ${error.message}; the run is submitted again by whoever looks at it next`);
      return false;
    }
}

/**
 * What a worker does after it has saved its run and given the lease back, since it was asked to leave. Before the time
 * limit it asks for another start, if this one came any further. Otherwise it stays until it is killed: Slurm takes a
 * job that ends by itself in its time of grace for completed, and does not start it again.
 * @param asked "time": by the signal before the time limit; "end": by SIGTERM, of which only Slurm knows the cause
 * @returns when the job ends by itself, so that whoever looks next submits the run again
 */
export async function leaveNode({ run, job, from, mayRequeue }: SlurmTask, asked: "time" | "end"): Promise<void> {
  const isFurther = (run.record().checkpointStep ?? 0) > from;
  if (asked === "time" && !(isFurther && mayRequeue && job !== undefined && (await requeued(job.id)))) return;
  await pause(STAY);
}
