import { randomBytes } from "node:crypto";
import { newRunId } from "../run/directory/runId.ts";

/** A new id of the form of a run's. */
export const newId = (now = new Date()): string => newRunId(now, () => randomBytes(4).readUInt32LE() / 2 ** 32);

/** Returns new run ids in ascending order, so that a sorted list of runs keeps the order of the sweep. */
export function newIds(count: number): string[] {
  const now = new Date();
  const ids = new Set<string>();
  while (ids.size < count) ids.add(newId(now));
  return [...ids].sort();
}
