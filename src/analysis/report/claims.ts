import type { Interval } from "../../protocol/results/intervals.ts";
import type { Estimate } from "../../protocol/results/outcome.ts";
import type { PositionShift, Shifted } from "../../protocol/results/positionShift.ts";
import { leadingMetric } from "../../record/metricText.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";

/** A measured effect, in the direction that the claim gives it: above 0 speaks for the claim. */
export interface Claim {
  text: string;
  /** A share -1 to 1, or the logarithm to base 10 of a ratio. */
  unit: "share" | "log-ratio";
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
    const other = b.runs.find(({ experiment }) => experiment.seed === run.experiment.seed);
    return other === undefined ? [] : [[run, other] as [ReportedRun, ReportedRun]];
  });

const testOf = ({ record }: ReportedRun): number | undefined =>
  leadingMetric(record.evaluations.find((each) => each.split === "test" && each.label === "trained")?.metrics ?? {})
    ?.value;

/** Parameters that differ by at most this factor are one budget. */
const ONE_BUDGET = 1.05;

function isOneBudget(a: SeedGroup, b: SeedGroup): boolean {
  const [one, other] = [a.runs[0]?.record.trainable, b.runs[0]?.record.trainable];
  if (one === undefined || other === undefined) return false;
  return Math.max(one, other) <= ONE_BUDGET * Math.min(one, other);
}

/** Test results against the other methods of one budget, paired by seed (paper, Tables 1 and 3). */
function results(adept: SeedGroup, others: readonly SeedGroup[]): Claim[] {
  return others
    .filter((other) => isOneBudget(adept, other))
    .flatMap((other) => {
      const pairs = pairsOf(adept, other).flatMap(([a, b]) => {
        const [own, its] = [testOf(a), testOf(b)];
        return own === undefined || its === undefined ? [] : [{ own, its }];
      });
      if (pairs.length === 0) return [];
      const { mean, interval, n } = pairedDifference(
        pairs.map(({ own }) => own),
        pairs.map(({ its }) => its),
      );
      return [{ text: `Better than ${other.label} at one budget`, unit: "share", mean, interval, n, over: "seeds" }];
    });
}

const officialOf = ({ analyses: { offsets } }: ReportedRun): number | undefined => {
  const size = offsets?.official.meanAbs;
  return size === undefined || size === 0 ? undefined : size;
};

/** Offsets as the published code counts them (paper, Table 2). */
function sizes(adept: SeedGroup, dept: SeedGroup): Claim[] {
  const ratios = pairsOf(adept, dept).flatMap(([a, b]) => {
    const [own, its] = [officialOf(a), officialOf(b)];
    return own === undefined || its === undefined ? [] : [Math.log10(own / its)];
  });
  return ratios.length === 0 ? [] : [ofSeeds("Larger offsets than DePT's (Table 2)", "log-ratio", ratios)];
}

/** The largest shift of the offsets' table alone, which moves offsets of places and none of tokens. */
const farthest = (shift: PositionShift | undefined): Shifted | undefined =>
  shift?.cases
    .filter(({ test }) => test === "T1")
    .reduce<Shifted | undefined>((most, each) => (most === undefined || each.k > most.k ? each : most), undefined);

/** What a shift of places takes from DePT and not from ADePT, in the share right. */
function shifts(adept: SeedGroup, dept: SeedGroup): Claim[] {
  const differences = pairsOf(adept, dept).flatMap(([a, b]) => {
    const [own, its] = [farthest(a.analyses["position-shift"]), farthest(b.analyses["position-shift"])];
    return own === undefined || its === undefined
      ? []
      : [{ k: own.k, value: own.versus.right.difference - its.versus.right.difference }];
  });
  if (differences.length === 0) return [];
  const text = `A shift by ${differences[0]!.k} places harms DePT more`;
  return [
    ofSeeds(
      text,
      "share",
      differences.map(({ value }) => value),
    ),
  ];
}

/** Loss spikes of DePT beyond ADePT's, as a share of the steps. */
function steadiness(adept: SeedGroup, dept: SeedGroup): Claim[] {
  const differences = pairsOf(adept, dept).flatMap(([a, b]) => {
    const [own, its] = [a.analyses.stability, b.analyses.stability];
    return own === undefined || its === undefined ? [] : [its.lossSpikes / its.steps - own.lossSpikes / own.steps];
  });
  return differences.length === 0 ? [] : [ofSeeds("Fewer steps whose loss leaps than DePT", "share", differences)];
}

/** The folded form's time against DePT's: over the runs' medians, or over the rounds of the one run that was timed. */
function foldTimes({ runs }: SeedGroup): Claim[] {
  const timed = runs.flatMap(
    ({ analyses: { latency } }) => latency?.fold?.against.filter(({ against }) => against === "dept").slice(0, 1) ?? [],
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
      .map(({ versus: { right, n } }) => ({ right, n })),
  );

/**
 * What the ADePT paper says of the method, as measured on one task's runs; what the runs do not tell is left out.
 * @param adept runs of ADePT that differ in their seed alone
 * @param others groups of other methods on the same task
 */
export function claimsOf(adept: SeedGroup, others: readonly SeedGroup[]): Claim[] {
  const dept = others.find(({ kind }) => kind === "dept");
  return [
    ...results(adept, others),
    ...(dept === undefined ? [] : [...sizes(adept, dept), ...shifts(adept, dept), ...steadiness(adept, dept)]),
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
