import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import type { ExecutorPlace } from "../executor.ts";
import { pollInterval } from "./defaults.ts";
import { isOnPath } from "./onPath.ts";
import { restPath } from "./slurmPlaces.ts";
import { submitWaiting } from "./submitWaiting.ts";

/**
 * Submits what waits here, from the node of a job that has ended: so a sweep that is larger than what a user may submit
 * goes on with nobody there. Nodes without Slurm's commands leave it to whoever looks next.
 */
export async function submitRest(place: ExecutorPlace): Promise<void> {
  const { runsDir } = place;
  if (!existsSync(restPath(runsDir)) || !["sbatch", "squeue", "scontrol"].every(isOnPath)) return;
  try {
    await submitWaiting(place, pollInterval(runsDir, {}));
  } catch (error) {
    // The run of this job has ended well, whatever becomes of the others.
    if (!(error instanceof UserError)) throw error;
    console.error(`the rest is not submitted: ${error.message}`);
  }
}
