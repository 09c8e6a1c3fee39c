import { timeVerdict } from "../../figure/latencyFigures.ts";
import type { Interval } from "../../protocol/results/intervals.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import { LABELS } from "./figureBlock.ts";
import { points } from "./format.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";
import { merged, some, type SummaryLines } from "./summaryLines.ts";

/** What altering a run changed in the share right: over seeds where there are several, else over test examples. */
interface Effect {
  label: string;
  mean: number;
  interval: Interval;
}
type Case = { label: string; versus: { right: { difference: number; interval: Interval } } };

const hasNumbers = ({ mean, interval }: Effect): boolean => [mean, ...interval].every((x) => Number.isFinite(x));

/** The effects of the cases that every run has. */
function effects(ofRuns: readonly (readonly Case[])[]): Effect[] {
  const [first = [], ...others] = ofRuns;
  // One draw of a permutation says little by itself.
  const cases = first.filter(({ label }) => !/, draw \d+$/.test(label));
  if (others.length === 0)
    return cases.map(({ label, versus: { right } }) => ({ label, mean: right.difference, interval: right.interval }));
  return cases.flatMap(({ label }) => {
    const own = ofRuns.flatMap((each) => each.filter((other) => other.label === label).slice(0, 1));
    const { mean, interval } = seedInterval(own.map(({ versus: { right } }) => right.difference));
    return own.length < ofRuns.length || interval === undefined ? [] : [{ label, mean, interval }];
  });
}

/** Whether the interval excludes 0; one point apart from 0 does. */
const isFound = ({ interval: [low, high] }: Effect): boolean => low > 0 || high < 0;

function linesOf(what: string, all: readonly Effect[]): SummaryLines {
  const found = all.filter(isFound).sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean));
  const others = all.filter((each) => !isFound(each));
  const most = Math.max(0, ...others.map(({ interval: [low, high] }) => (high - low) / 2));
  const texts = found.map(
    ({ label, mean, interval: [low, high] }) => `${label} ${points(mean)} [${points(low)}, ${points(high)}]`,
  );
  return {
    found: texts.length === 0 ? [] : [`${what}, points: ${some(texts)}.`],
    not:
      others.length === 0
        ? []
        : [
            `${what}: no difference found for ${some(others.map(({ label }) => label))} (up to ±${points(most)} points could have been).`,
          ],
  };
}

/** The time of the folded form over that of other forms: over seeds the geometric mean of the runs' medians. */
function foldLines({ label, kind, runs }: SeedGroup, task: string | undefined): string[] {
  const form = runs.map(({ analyses }) => analyses.latency?.fold?.form).find((each) => each !== undefined);
  const timed = runs.flatMap((run) =>
    (run.analyses.latency?.fold?.against ?? [])
      .filter(({ ratio }) => [ratio.median, ratio.low, ratio.high].every((x) => Number.isFinite(x) && x > 0))
      .map((each) => ({ run, ...each })),
  );
  return [...new Set(timed.map(({ against }) => against))].map((against) => {
    const own = timed.filter((each) => each.against === against);
    const of = whichOf(
      own.map(({ run }) => run),
      task,
    );
    const which = label === kind || own.length === 1 ? of : `${label}, ${of}`;
    const { mean, interval } = seedInterval(own.map(({ ratio }) => Math.log(ratio.median)));
    const [first] = own;
    const [middle, low, high] =
      interval === undefined
        ? [first!.ratio.median, first!.ratio.low, first!.ratio.high]
        : [Math.exp(mean), Math.exp(interval[0]), Math.exp(interval[1])];
    const verdict = timeVerdict({ low, high }, LABELS);
    return `${form} (${which}) against ${against}: ${middle.toFixed(3)} times its time [${low.toFixed(3)}, ${high.toFixed(3)}], ${verdict}.`;
  });
}

/** Which runs of a group these are: the id of a single run, else their number. */
function whichOf(runs: readonly ReportedRun[], task: string | undefined): string {
  if (runs.length === 1) return runs[0]!.id;
  return `${task === undefined ? "" : `${task}, `}${runs.length} seeds`;
}

/**
 * What the analyses of a group's runs have found and have not.
 * @param task its name, where the report has several
 */
export function alteredLines(group: SeedGroup, task: string | undefined): SummaryLines {
  const of = (what: string, casesOf: (run: ReportedRun) => readonly Case[] | undefined): SummaryLines => {
    const runs = group.runs.filter((run) => casesOf(run) !== undefined);
    const cases = runs.map((run) => casesOf(run)!);
    return runs.length === 0
      ? { found: [], not: [] }
      : linesOf(
          `${what} of ${runs.length === 1 ? group.kind : group.label} (${whichOf(runs, task)})`,
          effects(cases).filter(hasNumbers),
        );
  };
  return merged([
    of("Ablation", ({ analyses }) => analyses.ablation?.cases),
    of("Replaced offsets", ({ analyses }) => analyses.specificity?.cases),
    of("Position shift", ({ analyses }) => analyses["position-shift"]?.cases),
    { found: foldLines(group, task), not: [] },
  ]);
}
