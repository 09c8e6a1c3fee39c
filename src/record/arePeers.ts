import type { RunRecord } from "./record.ts";
import { taskKey } from "./taskKey.ts";

/**
 * Whether what is measured on two runs may be shown side by side: the same backbone on the same task, and not of two
 * sweeps, which may differ in anything.
 */
export const arePeers = (one: RunRecord, other: RunRecord): boolean =>
  one.id !== other.id &&
  one.backbone === other.backbone &&
  taskKey(one) === taskKey(other) &&
  (one.sweep === undefined || other.sweep === undefined || one.sweep === other.sweep);
