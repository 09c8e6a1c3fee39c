import { seedInterval } from "../statistics/seedInterval.ts";
import type { Subject } from "../subject/subject.ts";
import type { UnseenSplit } from "../../protocol/results/ablation.ts";
import type { Outcome } from "../../protocol/results/outcome.ts";

/**
 * The share of right predictions of each outcome, separately for test texts whose tokens all occur in training inputs
 * ("seen") and for those with at least one other token ("unseen"). Undefined for a side without texts.
 */
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
