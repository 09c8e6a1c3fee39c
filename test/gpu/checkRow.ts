import type { BenchRow } from "../bench/report/benchRow.ts";

/**
 * One row of the check. "failed": it computed something else than it should, or ended; "left out": for want of time,
 * memory or a device, as its note says.
 */
export interface CheckRow extends BenchRow {
  state: "done" | "failed" | "left out";
}

/** What a part says to the process that started it. */
export type PartMessage = { row: CheckRow } | { isReady: true };

/** Sends a row to the process that started this part. */
export function tellRow(row: Omit<CheckRow, "state"> & { state?: CheckRow["state"] }): void {
  process.send!({ row: { state: "done", ...row } } satisfies PartMessage);
}
