import type { Interval } from "../../protocol/results/intervals.ts";
import type { Estimate } from "../../protocol/results/outcome.ts";
import { isCorrelation, LOSS } from "../../record/metricText.ts";
import { compareRuns, tested, testValue } from "../compare/compareRuns.ts";
import { drawOf } from "../compare/drawOf.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";
import { isAnalysed, standing } from "./standing.ts";

/** A measured effect, in the direction that the claim gives it: above 0 speaks for the claim. */
export interface Claim {
  text: string;
  /** A share -1 to 1, the logarithm to base 10 of a ratio, a difference of correlations, or of losses. */
  unit: "share" | "log-ratio" | "correlation" | "nats";
  mean: number;
  /** Undefined with one seed and no interval of its own. */
  interval: Interval | undefined;
  /** Seeds, or test examples where one run was measured. */
  n: number;
  over: "seeds" | "examples" | "rounds";
}
/** What is told of a claim: its interval lies above 0, below it, or holds it. */
export type Verdict = "holds" | "does not hold" | "cannot be told";

export function verdictOf({ interval, mean }: Claim): Verdict {
  if (interval === undefined) return "cannot be told";
  // Every seed or example agrees that nothing changes: the claimed effect is not there.
  if (interval[0] === interval[1] && mean === 0) return "does not hold";
  if (interval[0] > 0) return "holds";
  return interval[1] < 0 ? "does not hold" : "cannot be told";
}

/** Values of several seeds with their t-interval; of one run, its own bootstrap interval over test examples. */
function overRuns(text: string, estimates: readonly { right: Estimate; n: number }[], sign: 1 | -1): Claim[] {
  const [first, second] = estimates;
  if (first === undefined) return [];
  const { difference, interval } = first.right;
  if (second === undefined) {
    const ends = sign > 0 ? interval : ([-interval[1], -interval[0]] as const);
    return [{ text, unit: "share", mean: sign * difference, interval: [...ends], n: first.n, over: "examples" }];
  }
  return [
    ofSeeds(
      text,
      "share",
      estimates.map(({ right }) => sign * right.difference),
    ),
  ];
}

function ofSeeds(text: string, unit: Claim["unit"], values: readonly number[]): Claim {
  const { mean, interval, n } = seedInterval(values);
  return { text, unit, mean, interval, n, over: "seeds" };
}

/** Pairs of runs of two groups with the same seed. */
const pairsOf = (a: SeedGroup, b: SeedGroup): [ReportedRun, ReportedRun][] =>
  a.runs.flatMap((run) => {
    const other = b.runs.find(({ experiment }) => drawOf(experiment) === drawOf(run.experiment));
    return other === undefined ? [] : [[run, other] as [ReportedRun, ReportedRun]];
  });

/** A number that was measured: what was not finite is none. */
const isKnown = (value: number | undefined | null): value is number => Number.isFinite(value);

/** The test values of pairs that were tested on as many examples. */
function testPairs(a: SeedGroup, b: SeedGroup, metric: string): { own: number; its: number }[] {
  return pairsOf(a, b).flatMap((pair) => {
    const [own, its] = pair.map((run) => testValue(run, metric));
    const [ownCount, itsCount] = pair.map((run) => tested(run)?.examples);
    return isKnown(own) && isKnown(its) && ownCount === itsCount ? [{ own, its }] : [];
  });
}

/** Parameters that differ by at most this factor are one budget. */
const ONE_BUDGET = 1.05;

function isOneBudget(a: SeedGroup, b: SeedGroup): boolean {
  const [one, other] = [a.runs[0]?.record.trainable, b.runs[0]?.record.trainable];
  if (one === undefined || other === undefined) return false;
  return Math.max(one, other) <= ONE_BUDGET * Math.min(one, other);
}

function unitOf(metric: string): Claim["unit"] {
  if (metric === LOSS) return "nats";
  return isCorrelation(metric) ? "correlation" : "share";
}

/**
 * Test results against the other methods of one budget, paired by seed (paper, Tables 1 and 3). Of several settings of
 * a method that stands for it which has most pairs, and of these which validation prefers.
 */
function results(adept: SeedGroup, others: readonly SeedGroup[]): Claim[] {
  const { metric } = compareRuns([adept, ...others].flatMap(({ runs }) => runs));
  const rivals = others.filter((other) => isOneBudget(adept, other));
  return [...new Set(rivals.map(({ kind }) => kind))].flatMap((kind): Claim[] => {
    const other = standing(rivals, {
      isOne: (each) => each.kind === kind,
      count: (each) => testPairs(adept, each, metric).length,
    });
    if (other === undefined) return [];
    const pairs = testPairs(adept, other, metric);
    const { mean, interval, n } = pairedDifference(
      pairs.map(({ own, its }) => (metric === LOSS ? its : own)),
      pairs.map(({ own, its }) => (metric === LOSS ? own : its)),
    );
    const text = `${metric === LOSS ? "Less loss" : "Better"} than ${other.label} at one budget`;
    return [{ text, unit: unitOf(metric), mean, interval, n, over: "seeds" }];
  });
}

const officialOf = ({ analyses: { offsets } }: ReportedRun): number | undefined => {
  const size = offsets?.official.meanAbs;
  return isKnown(size) && size > 0 ? size : undefined;
};

/** Offsets as the published code counts them (paper, Table 2). */
function sizes(adept: SeedGroup, dept: SeedGroup, which: string): Claim[] {
  const ratios = pairsOf(adept, dept).flatMap(([a, b]) => {
    const [own, its] = [officialOf(a), officialOf(b)];
    return own === undefined || its === undefined ? [] : [Math.log10(own / its)];
  });
  return ratios.length === 0 ? [] : [ofSeeds(`Larger offsets than DePT's (Table 2)${which}`, "log-ratio", ratios)];
}

/** What each shift of the offsets' table alone, which moves no token's offset, changes in the share right. */
const movedBy = ({ analyses }: ReportedRun): Map<number, number> =>
  new Map(
    (analyses["position-shift"]?.cases ?? [])
      .filter(({ test, versus }) => test === "T1" && isKnown(versus.right.difference))
      .map(({ k, versus }) => [k, versus.right.difference]),
  );

/** What a shift of places takes from DePT and not from ADePT, in the share right: the farthest that most pairs have. */
function shifts(adept: SeedGroup, dept: SeedGroup, which: string): Claim[] {
  const differences = pairsOf(adept, dept).map(([a, b]) => {
    const [own, its] = [movedBy(a), movedBy(b)];
    return new Map([...own].flatMap(([k, value]) => (its.has(k) ? [[k, value - its.get(k)!] as const] : [])));
  });
  const having = (k: number): number => differences.filter((each) => each.has(k)).length;
  const [farthest] = [...new Set(differences.flatMap((each) => [...each.keys()]))].sort(
    (a, b) => having(b) - having(a) || b - a,
  );
  if (farthest === undefined) return [];
  const values = differences.flatMap((each) => each.get(farthest) ?? []);
  return [ofSeeds(`A shift by ${farthest} places harms DePT more${which}`, "share", values)];
}

/** Loss spikes of DePT beyond ADePT's, as a share of the steps. */
function steadiness(adept: SeedGroup, dept: SeedGroup, which: string): Claim[] {
  const share = ({ analyses: { stability } }: ReportedRun): number | undefined =>
    stability === undefined ? undefined : stability.lossSpikes / stability.steps;
  const differences = pairsOf(adept, dept).flatMap((pair) => {
    const [own, its] = pair.map(share);
    return isKnown(own) && isKnown(its) ? [its - own] : [];
  });
  return differences.length === 0
    ? []
    : [ofSeeds(`Fewer steps whose loss leaps than DePT${which}`, "share", differences)];
}

/** The folded form's time against DePT's: over the runs' medians, or over the rounds of the one run that was timed. */
function foldTimes({ runs }: SeedGroup): Claim[] {
  const timed = runs.flatMap(
    ({ analyses: { latency } }) =>
      latency?.fold?.against
        .filter(({ against, ratio }) => against === "dept" && isKnown(ratio.median) && ratio.median > 0)
        .slice(0, 1) ?? [],
  );
  const [first, second] = timed;
  if (first === undefined) return [];
  const log = (x: number): number => -Math.log10(x);
  const text = `Folded, faster than ${first.against}`;
  if (second !== undefined)
    return [
      ofSeeds(
        text,
        "log-ratio",
        timed.map(({ ratio }) => log(ratio.median)),
      ),
    ];
  const { median, low, high, n } = first.ratio;
  return [{ text, unit: "log-ratio", mean: log(median), interval: [log(high), log(low)], n, over: "rounds" }];
}

const casesOf = (runs: readonly ReportedRun[], isCase: (label: string) => boolean): { right: Estimate; n: number }[] =>
  runs.flatMap(({ analyses: { ablation, specificity } }) =>
    [...(ablation?.cases ?? []), ...(specificity?.cases ?? [])]
      .filter(({ label }) => isCase(label))
      .slice(0, 1)
      .filter(({ versus: { right } }) => isKnown(right.difference))
      .map(({ versus: { right, n } }) => ({ right, n })),
  );

/**
 * What the ADePT paper says of the method, as measured on one task's runs; what the runs do not tell is left out.
 * @param adept runs of ADePT that differ in their seed alone
 * @param others groups of other methods on the same task, several of a method where it has several settings
 */
export function claimsOf(adept: SeedGroup, others: readonly SeedGroup[]): Claim[] {
  const isDept = ({ kind }: SeedGroup): boolean => kind === "dept";
  const dept = standing(others, {
    isOne: isDept,
    count: (each) => pairsOf(adept, each).filter((pair) => pair.every(isAnalysed)).length,
  });
  const which = dept === undefined || others.filter(isDept).length === 1 ? "" : `, ${dept.label}`;
  return [
    ...results(adept, others),
    ...(dept === undefined
      ? []
      : [...sizes(adept, dept, which), ...shifts(adept, dept, which), ...steadiness(adept, dept, which)]),
    ...overRuns(
      "The FFN matters: without it less is right",
      casesOf(adept.runs, (label) => label === "FFN off"),
      -1,
    ),
    ...overRuns(
      "The prompt matters: without it less is right",
      casesOf(adept.runs, (label) => label === "prompt off"),
      -1,
    ),
    ...overRuns(
      "Each token needs its own offset: one for all gets less right",
      casesOf(adept.runs, (label) => label.startsWith("A3")),
      -1,
    ),
    ...foldTimes(adept),
  ];
}
