import { validationScore } from "../../record/validationScore.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";

export const isAnalysed = ({ analyses }: ReportedRun): boolean => Object.keys(analyses).length > 0;

/** The mean of a group's scores on validation, larger is better; undefined where a run has none. */
function scoreOf({ runs }: SeedGroup): number | undefined {
  const scores = runs.map(({ record, experiment }) => validationScore(record, experiment.training.selection));
  return scores.every((score) => score !== undefined)
    ? scores.reduce((sum, score) => sum + score, 0) / scores.length
    : undefined;
}

/** Whether groups chose their checkpoints by one rule, so that their scores on validation compare. */
const haveOneRule = (groups: readonly SeedGroup[]): boolean =>
  new Set(groups.flatMap(({ runs }) => runs.map(({ experiment }) => experiment.training.selection))).size === 1;

/**
 * Of several settings of a method the one that stands for it: which has the most of what is counted, and of these the
 * best on validation, else the first. The test split chooses nothing.
 * @returns undefined where none has any
 */
export function standing(
  groups: readonly SeedGroup[],
  { isOne, count }: { isOne: (group: SeedGroup) => boolean; count: (group: SeedGroup) => number },
): SeedGroup | undefined {
  const counted = groups.filter(isOne).map((group) => ({ group, n: count(group) }));
  const most = Math.max(0, ...counted.map(({ n }) => n));
  const own = counted.filter(({ n }) => n === most && n > 0).map(({ group }) => group);
  if (!haveOneRule(own)) return own[0];
  return own.reduce<SeedGroup | undefined>((best, group) => {
    const [score, before] = [scoreOf(group), best && scoreOf(best)];
    return best === undefined || (score !== undefined && (before === undefined || score > before)) ? group : best;
  }, undefined);
}
