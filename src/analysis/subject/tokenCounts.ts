import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";

/** Counts how often each token id occurs in the inputs. */
export function tokenCounts(examples: readonly TokenisedExample[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { ids } of examples) for (const id of Array.from(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
