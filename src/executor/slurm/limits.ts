import { slurmCommand } from "./slurmCommand.ts";

/** What the cluster's configuration says. */
export interface ClusterLimits {
  /** The cluster's name; empty where Slurm does not say it. */
  cluster: string;
  version: string;
  /** One more than the largest index of an array, so the largest number of its tasks. */
  maxArraySize: number;
  /** Seconds between SIGTERM and SIGKILL. */
  killWait: number;
  /** As Slurm names it: OFF, REQUEUE, CANCEL, ... */
  preemptMode: string;
  /** Whether jobs that do not say it are started again. */
  requeue: boolean;
  /** Whether the cluster keeps accounts of jobs. */
  accounting: boolean;
}

/** Slurm's own default. */
const MAX_ARRAY_SIZE = 1001;
const KILL_WAIT = 30;

/** Reads the answer of `scontrol show config`. */
export function readLimits(text: string): ClusterLimits {
  const value = (key: string): string | undefined => new RegExp(`^${key}\\s*=\\s*(.*?)\\s*$`, "m").exec(text)?.[1];
  const number = (key: string, otherwise: number): number => {
    const found = Number.parseInt(value(key) ?? "", 10);
    return Number.isNaN(found) ? otherwise : found;
  };
  return {
    cluster: value("ClusterName") ?? "",
    version: value("SLURM_VERSION") ?? "",
    maxArraySize: Math.max(1, number("MaxArraySize", MAX_ARRAY_SIZE)),
    killWait: number("KillWait", KILL_WAIT),
    preemptMode: value("PreemptMode") ?? "",
    requeue: number("JobRequeue", 1) !== 0,
    accounting: !["", "(null)", "accounting_storage/none"].includes(value("AccountingStorageType") ?? ""),
  };
}

/**
 * The cluster's limits.
 * @throws UserError as `slurmCommand`
 */
export const clusterLimits = async (): Promise<ClusterLimits> =>
  readLimits(await slurmCommand("scontrol", ["show", "config"]));
