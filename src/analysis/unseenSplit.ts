import { seedInterval } from "./statistics/seedInterval.ts";
import type { Outcome } from "./outcomes.ts";
import type { Subject } from "./subject.ts";

/**
 * Share right (0..1) of each outcome on texts whose tokens all occur in training, and on those with at least one that
 * does not.
 */
export interface UnseenSplit {
  seen: number;
  unseen: number;
  rows: { label: string; seen: number | undefined; unseen: number | undefined }[];
}

export function unseenSplit(
  { test, train }: Pick<Subject, "test" | "train">,
  outcomes: readonly Outcome[],
): UnseenSplit {
  const known = new Set(train.flatMap(({ ids }) => Array.from(ids)));
  const isUnseen = test.map(({ ids }) => Array.from(ids).some((id) => !known.has(id)));
  const share = (right: string, wanted: boolean): number | undefined => {
    const chosen = [...right].filter((_, i) => isUnseen[i] === wanted).map(Number);
    return chosen.length === 0 ? undefined : seedInterval(chosen).mean;
  };
  return {
    seen: isUnseen.filter((each) => !each).length,
    unseen: isUnseen.filter(Boolean).length,
    rows: outcomes.map(({ label, right }) => ({ label, seen: share(right, false), unseen: share(right, true) })),
  };
}
