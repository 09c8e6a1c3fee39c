import type { Where } from "../executor.ts";

/** What a state of Slurm means for a run. */
type Meaning = Where["state"];

/** States by what they mean. What Slurm starts again by itself waits, as long as it may start it again. */
const MEANINGS: Readonly<Record<Exclude<Meaning, "unknown">, readonly string[]>> = {
  waiting: [
    "PENDING",
    "CONFIGURING",
    "REQUEUED",
    "REQUEUE_FED",
    "REQUEUE_HOLD",
    "SPECIAL_EXIT",
    "RESV_DEL_HOLD",
    "SUSPENDED",
    "STOPPED",
  ],
  working: ["RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "RESIZING"],
  ended: [
    "COMPLETED",
    "FAILED",
    "TIMEOUT",
    "DEADLINE",
    "CANCELLED",
    "OUT_OF_MEMORY",
    "REVOKED",
    "NODE_FAIL",
    "BOOT_FAIL",
    "PREEMPTED",
    "LAUNCH_FAILED",
    "RECONFIG_FAIL",
  ],
};
/** After these Slurm starts a job again that may be started again. */
const STARTED_AGAIN: readonly string[] = ["NODE_FAIL", "BOOT_FAIL", "PREEMPTED"];

/**
 * What a state of Slurm means.
 * @param requeue whether Slurm may start the job again
 */
export function meaningOf(state: string, requeue: boolean): Meaning {
  // Some versions append more, such as "CANCELLED by 1000".
  const [word = ""] = state.toUpperCase().split(/[\s+]/);
  if (requeue && STARTED_AGAIN.includes(word)) return "waiting";
  const found = (Object.keys(MEANINGS) as (keyof typeof MEANINGS)[]).find((each) => MEANINGS[each].includes(word));
  return found ?? "unknown";
}
