import { verdictOf, type Claim, type Verdict } from "./claims.ts";
import { claimsAmong } from "./claimsSection.ts";
import { detectable, measuredWithUnit } from "./claimText.ts";
import { seedGroups, type ReportedRun } from "./reportedRun.ts";
import type { SummaryLines } from "./summaryLines.ts";

interface Told {
  task: string;
  claim: Claim;
}

/** A claim with what was measured; of several tasks, with the tasks alone: their tables have the figures. */
function texts(told: readonly Told[], hasSeveral: boolean, figure: (claim: Claim) => string): string {
  const byClaim = new Map<string, Told[]>();
  for (const each of told) byClaim.set(each.claim.text, [...(byClaim.get(each.claim.text) ?? []), each]);
  return [...byClaim]
    .map(([text, own]) => `${text} (${hasSeveral ? own.map(({ task }) => task).join(", ") : figure(own[0]!.claim)})`)
    .join("; ");
}

/**
 * What is told of the paper's claims over several seeds, a line for each verdict.
 * @param tasks the runs of each task, and of each number of training examples
 */
export function claimLines(tasks: readonly { name: string; runs: readonly ReportedRun[] }[]): SummaryLines {
  const told = tasks.flatMap(({ name, runs }): Told[] => {
    const among = claimsAmong(seedGroups(runs));
    if (among === undefined || among.adept.runs.length < 2) return [];
    return among.claims.map((claim) => ({ task: name, claim }));
  });
  const of = (verdict: Verdict): Told[] => told.filter(({ claim }) => verdictOf(claim) === verdict);
  const line = (head: string, own: readonly Told[], figure: (claim: Claim) => string): string[] =>
    own.length === 0 ? [] : [`${head}: ${texts(own, tasks.length > 1, figure)}.`];
  return {
    found: [
      ...line("Claims of the paper that hold", of("holds"), measuredWithUnit),
      ...line("Claims of the paper that do not hold", of("does not hold"), measuredWithUnit),
    ],
    not: line("Claims of the paper that cannot be told either way", of("cannot be told"), (claim) =>
      claim.interval === undefined ? "one seed" : `${detectable(claim)} could have been found`,
    ),
  };
}
