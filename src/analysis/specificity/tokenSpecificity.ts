import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import { batchesOf } from "../subject/batches.ts";
import { embeddedExamples } from "../subject/embeddedExamples.ts";
import { specificityCases } from "./specificityCases.ts";
import { specificityIndex } from "../offsets/offsetStatistics.ts";
import { altered, withoutAlter, type Progress } from "../subject/outcomes.ts";
import type { Subject } from "../subject/subject.ts";
import type { Specificity } from "../../protocol/results/specificity.ts";

/**
 * The post-hoc specificity analysis: whether each token needs its own offset.
 * @throws UserError for methods without offsets
 */
export async function analyseSpecificity(subject: Subject, progress: Progress): Promise<Specificity> {
  const own = specificityCases(subject);
  if (own.length === 0)
    throw new UserError(
      "method-without-offsets",
      phrase`The method "${subject.experiment.method.kind}" has no offsets`,
      phrase`Specificity is asked of ADePT and DePT.`,
    );
  const { full, cases } = await altered(subject, own, { progress });
  const of = (label: string): number => cases.find((each) => each.label === label)!.versus.right.difference;
  const gain = cases.find(({ label }) => label === "A9 offset times 0")!.versus.right;
  const groups = [...new Set(cases.map(({ group }) => group))]
    .map((group) => cases.filter((each) => each.group === group))
    .filter((each) => each.length > 1);
  return {
    full,
    index: specificityIndex(subject.side, batchesOf(embeddedExamples(subject.test, subject.side))),
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
