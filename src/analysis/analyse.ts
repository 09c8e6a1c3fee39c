import type { AnalysisName } from "../experiment/analysisNames.ts";
import { UserError } from "../base/errors.ts";
import { seedInterval } from "./statistics/seedInterval.ts";
import { ablationCases, batchesOf, specificityCases } from "./cases.ts";
import { analyseLatency } from "./latency.ts";
import { analyseOffsets } from "./offsets.ts";
import { specificityIndex } from "./offsetStatistics.ts";
import { altered, withoutAlter, type Progress } from "./outcomes.ts";
import { analyseShift } from "./positionShift.ts";
import type { Subject } from "./subject.ts";
import { unseenSplit } from "./unseenSplit.ts";
import type { Ablation } from "../protocol/results/ablation.ts";
import type { Specificity } from "../protocol/results/specificity.ts";

/** Component ablation, post-hoc. */
export async function analyseAblation(subject: Subject, progress: Progress): Promise<Ablation> {
  const { full, cases } = await altered(subject, ablationCases(subject), { progress });
  return {
    full,
    cases: cases.map((each) => {
      const { group: _, ...rest } = withoutAlter(each);
      return rest;
    }),
    unseen: unseenSplit(subject, [full, ...cases]),
  };
}

/** Token specificity, post-hoc. @throws UserError for methods without offsets */
export async function analyseSpecificity(subject: Subject, progress: Progress): Promise<Specificity> {
  const own = specificityCases(subject);
  if (own.length === 0)
    throw new UserError(
      `The method "${subject.experiment.method.kind}" has no offsets`,
      "Specificity is asked of ADePT and DePT.",
    );
  const { full, cases } = await altered(subject, own, { progress });
  const of = (label: string): number => cases.find((each) => each.label === label)!.versus.right.difference;
  const gain = cases.find(({ label }) => label === "A9 offset times 0")!.versus.right;
  const groups = [...new Set(cases.map(({ group }) => group))]
    .map((group) => cases.filter((each) => each.group === group))
    .filter((each) => each.length > 1);
  return {
    full,
    index: specificityIndex(subject.side, batchesOf(subject.test)),
    cases: cases.map(withoutAlter),
    explained:
      subject.side.offsets !== undefined && gain.found && gain.difference < 0
        ? of("A3 one constant") / gain.difference
        : undefined,
    draws: groups.map((each) => ({
      group: each[0]!.group,
      right: seedInterval(each.map(({ versus }) => versus.right.difference)),
    })),
  };
}

/** Every analysis of a run's model by its name; its stability is told from its journal. */
export const ANALYSES = {
  ablation: analyseAblation,
  offsets: analyseOffsets,
  "position-shift": analyseShift,
  specificity: analyseSpecificity,
  latency: analyseLatency,
} as const satisfies Record<Exclude<AnalysisName, "stability">, unknown>;
