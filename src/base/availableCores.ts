import { availableParallelism } from "node:os";

const positive = (text: string | undefined): number | undefined => {
  const number = Number.parseInt(text ?? "", 10);
  return number > 0 ? number : undefined;
};

/**
 * The processor cores that this process may use. A job of Slurm has those that it asked for: where the cluster does not
 * bind jobs to cores, the system would count all of the node.
 */
export function availableCores(env: NodeJS.ProcessEnv = process.env, machine = availableParallelism()): number {
  if (env["SLURM_JOB_ID"] === undefined) return machine;
  const ofTask = positive(env["SLURM_CPUS_PER_TASK"]);
  return ofTask ?? Math.min(machine, positive(env["SLURM_CPUS_ON_NODE"]) ?? machine);
}
