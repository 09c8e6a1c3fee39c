import type { Experiment } from "../experiment/experiment.ts";

/** Bytes from which glibc gives a freed piece back to the system at once. */
const GIVEN_BACK_FROM = String(2 ** 20);

/**
 * Variables of a worker with the least memory. Where its engine has no arena of its own, glibc, which learns from what
 * is freed, would keep pieces of up to 32 MB, with what lives longer between them: T5-3B in int8 took 2.6 GB besides
 * its weights so, and 1.6 GB with these.
 */
export function allocatorVariables({ device, memory }: Experiment["engine"]): Record<string, string> {
  return device === "cpu" && memory === "least"
    ? { MALLOC_MMAP_THRESHOLD_: GIVEN_BACK_FROM, MALLOC_TRIM_THRESHOLD_: GIVEN_BACK_FROM }
    : {};
}
