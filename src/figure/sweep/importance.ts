import { MersenneTwister } from "../../base/random.ts";
import { combinationsOf, mean, type JudgedSweep } from "./judgedSweep.ts";
import type { VariedSetting } from "./variedSettings.ts";

/** Fewer runs than these tell nothing of a setting. */
export const LEAST_RUNS = 8;
/** Runs that a setting's groups must have beyond one each. */
const LEAST_FREE = 4;
/** Numbers of more values than these are put into groups of equally many runs, of which there are so many. */
const MOST_GROUPS = 5;
const GROUPS = 4;
const DRAWS = 1000;
const SEED = 1;

/** How much of the variance of the validation measure a setting alone accounts for. */
export interface Importance {
  setting: VariedSetting;
  /** Runs that have the setting. */
  runs: number;
  /** Groups of runs by its value. */
  groups: number;
  /** The adjusted share, at most 1; undefined where the runs are too few to tell. */
  share: number | undefined;
  low: number | undefined;
  high: number | undefined;
  /** The share that 95 % of random permutations of the results stay below: what a setting without effect would have. */
  chance: number | undefined;
}

/** The group of each run: its value, or of many numbers the quarter of the runs in which its value lies. */
function groupsOf({ values, of, scale }: VariedSetting, ids: readonly string[]): number[] {
  if (scale === undefined || values.length <= MOST_GROUPS) return ids.map((id) => values.indexOf(of.get(id)!));
  const sorted = ids.map((id) => of.get(id) as number).sort((a, b) => a - b);
  const bounds = Array.from({ length: GROUPS - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / GROUPS)]!);
  return ids.map((id) => bounds.filter((bound) => (of.get(id) as number) >= bound).length);
}

/** What is known of the runs of one combination: their group, number, and sums of deviations and of their squares. */
interface Cluster {
  group: number;
  count: number;
  sum: number;
  squares: number;
}

function clusterOf(group: number, deviations: readonly number[]): Cluster {
  return {
    group,
    count: deviations.length,
    sum: deviations.reduce((a, b) => a + b, 0),
    squares: deviations.reduce((a, b) => a + b * b, 0),
  };
}

/**
 * The share of the variance between groups, adjusted for their number as a regression's R squared is: 0 on average
 * where groups do not differ. What groups differ by of themselves is told from the combinations within them, not from
 * their seeds: seeds share all settings but say nothing of how other settings vary. Undefined where the runs do not
 * vary, or no combination is left over.
 * @param at the place of cluster number i, as often as it is drawn
 * @param groupAt the group that the i-th drawn cluster counts for
 */
function shareOf(
  clusters: readonly Cluster[],
  at: (i: number) => number,
  groupAt: (i: number) => number,
): number | undefined {
  const sums: number[] = [];
  const counts: number[] = [];
  let [n, sum, squares, ownMeans] = [0, 0, 0, 0];
  for (let i = 0; i < clusters.length; i++) {
    const cluster = clusters[at(i)]!;
    const group = groupAt(i);
    n += cluster.count;
    sum += cluster.sum;
    squares += cluster.squares;
    ownMeans += cluster.sum ** 2 / cluster.count;
    sums[group] = (sums[group] ?? 0) + cluster.sum;
    counts[group] = (counts[group] ?? 0) + cluster.count;
  }
  const common = sum ** 2 / n;
  const total = squares - common;
  let between = -common;
  let groups = 0;
  for (const [group, count] of counts.entries()) {
    // Holes of the list are groups without a run.
    if (!count) continue;
    between += sums[group]! ** 2 / count;
    groups++;
  }
  // What is left of equal values is rounding.
  if (total <= 1e-12 * squares || clusters.length <= groups) return undefined;
  const within = ownMeans - common - between;
  return (between - (within * (groups - 1)) / (clusters.length - groups)) / total;
}

/** The adjusted share of the variance of `y` between groups of its values. */
export function adjustedShare(groups: readonly number[], y: readonly number[]): number | undefined {
  const centre = y.reduce((a, b) => a + b, 0) / y.length;
  const clusters = y.map((value, i) => clusterOf(groups[i]!, [value - centre]));
  return shareOf(
    clusters,
    (i) => i,
    (i) => groups[i]!,
  );
}

const quantile = (sorted: readonly number[], part: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(part * (sorted.length - 1))))];

const drawn = (share: () => number | undefined): number[] =>
  Array.from({ length: DRAWS }, share)
    .filter((each) => each !== undefined)
    .sort((a, b) => a - b);

/** Shares of samples of the combinations, drawn with replacement; seeds stay with their combination. */
function bootstrapped(clusters: readonly Cluster[], random: MersenneTwister): number[] {
  const places = new Int32Array(clusters.length);
  return drawn(() => {
    for (let i = 0; i < places.length; i++) places[i] = Math.floor(random.uniform() * places.length);
    return shareOf(
      clusters,
      (i) => places[i]!,
      (i) => clusters[places[i]!]!.group,
    );
  });
}

/** Shares after the groups were permuted among the combinations, whose seeds stay together. */
function permuted(clusters: readonly Cluster[], random: MersenneTwister): number[] {
  const groups = clusters.map(({ group }) => group);
  return drawn(() => {
    for (let i = groups.length - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      [groups[i], groups[j]] = [groups[j]!, groups[i]!];
    }
    return shareOf(
      clusters,
      (i) => i,
      (i) => groups[i]!,
    );
  });
}

const bounded = (share: number | undefined): number | undefined =>
  share === undefined ? undefined : Math.max(0, Math.min(1, share));

/** A setting's runs in combinations with their groups; and its share, where the runs are enough to tell it. */
function groupedRuns(setting: VariedSetting, sweep: JudgedSweep) {
  const runs = sweep.runs.filter(({ id }) => setting.of.has(id));
  const ids = runs.map(({ id }) => id);
  const groups = groupsOf(setting, ids);
  const count = new Set(groups).size;
  const groupOf = new Map(ids.map((id, i) => [id, groups[i]!]));
  const centre = mean(runs.map(({ validation }) => validation));
  const clusters = combinationsOf(runs, sweep.settings).map(({ runs: own }) =>
    clusterOf(
      groupOf.get(own[0]!.id)!,
      own.map(({ validation }) => validation - centre),
    ),
  );
  const isTold = count > 1 && runs.length >= LEAST_RUNS && clusters.length >= count + LEAST_FREE;
  const share = shareOf(
    clusters,
    (i) => i,
    (i) => clusters[i]!.group,
  );
  return { runs: runs.length, groups: count, clusters, share: isTold ? share : undefined };
}

/** The settings that vary, those first whose share is largest; those without a share last. */
export function byShare(sweep: JudgedSweep): VariedSetting[] {
  return sweep.settings
    .map((setting) => ({ setting, share: groupedRuns(setting, sweep).share ?? -1 }))
    .sort((a, b) => b.share - a.share)
    .map(({ setting }) => setting);
}

function importanceOf(setting: VariedSetting, sweep: JudgedSweep): Importance {
  const { runs, groups, clusters, share } = groupedRuns(setting, sweep);
  const none = { setting, runs, groups, share: undefined };
  if (share === undefined) return { ...none, low: undefined, high: undefined, chance: undefined };
  const random = new MersenneTwister(SEED);
  const shares = bootstrapped(clusters, random);
  return {
    ...none,
    share: Math.max(0, share),
    low: bounded(quantile(shares, 0.025)),
    high: bounded(quantile(shares, 0.975)),
    chance: bounded(quantile(permuted(clusters, random), 0.95)),
  };
}

/** The importance of each setting that varies, the most important first; those that cannot be told last. */
export function importances(sweep: JudgedSweep): Importance[] {
  return byShare(sweep).map((setting) => importanceOf(setting, sweep));
}
