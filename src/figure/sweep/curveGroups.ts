import type { Labels } from "../../protocol/pageLabels.ts";
import type { RunCurves } from "../../protocol/hostToPage.ts";
import type { SweepResults } from "../../record/sweepResults.ts";
import type { CurveGroup } from "../curvesFigure.ts";
import { judgedSweep, isBetter } from "./judgedSweep.ts";
import { methodSetting, valueText, variedSettings, type VariedSetting } from "./variedSettings.ts";

/** Runs by themselves, over seeds, or by the value of a setting, whose key it is. */
export const BY_RUN = "run";
export const BY_SEEDS = "seeds";

/** More curves than these cannot be told apart. */
export const MOST_CURVES = 24;

/** Which runs are one curve. */
export interface Grouping {
  by: string;
  /** Ids of the runs to draw; all without it. */
  selected?: ReadonlySet<string> | undefined;
  /** The style of a run that is a curve by itself, by its id. */
  styles: ReadonlyMap<string, number>;
}

/** The settings by which runs can be grouped. */
export const groupingSettings = (sweep: SweepResults | undefined): VariedSetting[] =>
  sweep === undefined ? [] : variedSettings(sweep.runs);

/** The settings that tell one group from another: a setting's own, and the method, over which nothing is averaged. */
function tellingSettings(settings: readonly VariedSetting[], by: string): VariedSetting[] {
  if (by === BY_SEEDS) return [...settings];
  const method = methodSetting(settings);
  return settings.filter((each) => each.key === by || each === method);
}

/** The name of runs without any of the settings, or that do not differ in any. */
const nameOfRest = ([first]: readonly VariedSetting[], { none, overSeeds }: Pick<Labels, "none" | "overSeeds">) =>
  first === undefined ? overSeeds : `${first.name} ${none}`;

/** Runs in groups, at most MOST_CURVES of them: those with the best run on validation. `hidden` counts the others. */
export function curveGroups(
  runs: readonly RunCurves[],
  sweep: SweepResults | undefined,
  { by, selected, styles }: Grouping,
  labels: Pick<Labels, "none" | "overSeeds">,
): { groups: CurveGroup[]; hidden: number } {
  const shown = runs.filter(({ id }) => selected?.has(id) !== false);
  const settings = by === BY_RUN ? [] : tellingSettings(groupingSettings(sweep), by);
  const groups = new Map<string, { name: string; runs: RunCurves[] }>();
  for (const run of shown) {
    const told = settings.map(({ name, of, values: all }) => {
      const value = of.get(run.id);
      return value === undefined ? "" : `${name} ${valueText(value, all)}`;
    });
    const isAlone = by === BY_RUN || sweep === undefined;
    const group = told.filter((each) => each !== "").join(", ");
    const name = isAlone ? run.name : group || nameOfRest(settings, labels);
    const key = isAlone ? run.id : JSON.stringify(settings.map(({ of }) => of.get(run.id) ?? null));
    const own = groups.get(key) ?? { name, runs: [] };
    groups.set(key, own);
    own.runs.push(run);
  }
  const kept = bestGroups([...groups.values()], sweep);
  return {
    hidden: groups.size - kept.length,
    groups: kept.map((group, i) => ({
      ...group,
      style: (by === BY_RUN ? styles.get(group.runs[0]!.id) : undefined) ?? i,
    })),
  };
}

function bestGroups<G extends { runs: readonly RunCurves[] }>(
  groups: readonly G[],
  results: SweepResults | undefined,
): G[] {
  if (groups.length <= MOST_CURVES) return [...groups];
  const sweep = judgedSweep(results ?? { runs: [], measure: "", testMetric: "" });
  const scores = new Map(sweep.runs.map(({ id, validation }) => [id, validation]));
  const bestOf = ({ runs }: G): number | undefined =>
    runs
      .flatMap(({ id }) => scores.get(id) ?? [])
      .reduce<number | undefined>(
        (best, each) => (best === undefined || isBetter(sweep, each, best) ? each : best),
        undefined,
      );
  const ranked = groups.map((group) => ({ group, best: bestOf(group) }));
  ranked.sort((a, b) => {
    if (a.best === undefined || b.best === undefined)
      return Number(a.best === undefined) - Number(b.best === undefined);
    return Number(isBetter(sweep, b.best, a.best)) - Number(isBetter(sweep, a.best, b.best));
  });
  const kept = new Set(ranked.slice(0, MOST_CURVES).map(({ group }) => group));
  return groups.filter((group) => kept.has(group));
}
