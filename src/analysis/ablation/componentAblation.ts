import { ablationCases } from "./ablationCases.ts";
import { altered, withoutAlter, type Progress } from "../subject/outcomes.ts";
import type { Subject } from "../subject/subject.ts";
import { unseenSplit } from "./unseenSplit.ts";
import type { Ablation } from "../../protocol/results/ablation.ts";

/** Evaluates a run without its components, without training again, also split by whether texts have unseen tokens. */
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
