import type { RunRecord } from "../../src/record/record.ts";
import { until } from "./workbench.ts";
import { newest } from "./workspace.ts";

/** Waits until the newest run of a folder has this status. */
export async function untilStatus(folder: string, wanted: RunRecord["status"], seconds?: number): Promise<void> {
  await until(
    wanted,
    () => newest(folder).status,
    (status) => status === wanted,
    seconds,
  );
}

/** Waits until the newest run of a folder has made at least this many steps. */
export async function untilStep(folder: string, wanted: number, seconds?: number): Promise<void> {
  await until(
    `step ${wanted}`,
    () => newest(folder).lastStep?.step ?? 0,
    (step) => step >= wanted,
    seconds,
  );
}
