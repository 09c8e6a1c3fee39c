import { timeVerdict } from "../../figure/latencyFigures.ts";
import { ANALYSIS_NAMES } from "../../experiment/analysisNames.ts";
import { metricName } from "../../record/metricText.ts";
import type { Comparison } from "../../protocol/results/comparison.ts";
import type { Estimate } from "../../protocol/results/outcome.ts";
import type { Block } from "./blocks.ts";
import { LABELS } from "./figureBlock.ts";
import { metricNumber, overSeeds, points } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";

/** The first page has at most so many lines, of what was found and of what was not together. */
const MOST_LINES = 10;
const NAMED = 4;

interface Task {
  name: string;
  runs: readonly ReportedRun[];
  comparison: Comparison;
}
interface Lines {
  found: string[];
  not: string[];
}

/** The first few of a list, and how many more there are. */
const some = (texts: readonly string[]): string =>
  texts.length <= NAMED ? texts.join("; ") : `${texts.slice(0, NAMED).join("; ")}; and ${texts.length - NAMED} more`;

const title = (run: ReportedRun): string => `${run.experiment.method.kind} (${run.id})`;

/** The result of each method or setting on the test split, the best first. */
function results({ name, comparison: { metric, rows } }: Task): string {
  const tested = rows.flatMap(({ label, test, seeds }) => (test === undefined ? [] : [{ label, test, seeds }]));
  const best = [...tested].sort((a, b) => b.test.mean - a.test.mean);
  const texts = best.map(({ label, test, seeds }) => {
    const value = overSeeds(test, (x) => metricNumber(metric, x));
    return `${label} ${value}${seeds.length > 1 ? ` over ${seeds.length} seeds` : ""}`;
  });
  return texts.length === 0 ? "" : `${name}, test ${metricName(metric)}: ${some(texts)}.`;
}

/** What altering a run changed, in points of the share right, and which alterations changed nothing that was found. */
function altered(run: ReportedRun, what: string, cases: readonly { label: string; right: Estimate }[]): Lines {
  const isFound = cases.filter(({ right }) => right.found);
  const others = cases.filter(({ right }) => !right.found);
  const least = Math.max(0, ...others.map(({ right }) => right.detectable));
  const strongest = [...isFound].sort((a, b) => Math.abs(b.right.difference) - Math.abs(a.right.difference));
  const texts = strongest.map(
    ({ label, right: { difference, interval } }) =>
      `${label} ${points(difference)} [${points(interval[0])}, ${points(interval[1])}]`,
  );
  return {
    found: texts.length === 0 ? [] : [`${what} of ${title(run)}, points: ${some(texts)}.`],
    not:
      others.length === 0
        ? []
        : [
            `${what} of ${title(run)}: no difference found for ${some(others.map(({ label }) => label))} (up to ±${points(least)} points could have been).`,
          ],
  };
}

function ofRun(run: ReportedRun): Lines[] {
  const { ablation, specificity, latency, "position-shift": shift } = run.analyses;
  const estimates = (cases: readonly { label: string; versus: { right: Estimate } }[]) =>
    // One draw of a permutation says little by itself.
    cases.filter(({ label }) => !/, draw \d+$/.test(label)).map(({ label, versus: { right } }) => ({ label, right }));
  const fold = latency?.fold;
  return [
    ...(ablation === undefined ? [] : [altered(run, "Ablation", estimates(ablation.cases))]),
    ...(specificity === undefined ? [] : [altered(run, "Replaced offsets", estimates(specificity.cases))]),
    ...(shift === undefined ? [] : [altered(run, "Position shift", estimates(shift.cases))]),
    ...(fold === undefined
      ? []
      : [
          {
            found: fold.against.map(
              ({ against, ratio }) =>
                `${fold.form} against ${against}: ${ratio.median.toFixed(3)} times its time [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}], ${timeVerdict(ratio, LABELS)}.`,
            ),
            not: [],
          },
        ]),
  ];
}

/** Analyses that apply to some run and that none of the runs has, and runs without a result. */
function lacking(runs: readonly ReportedRun[]): string[] {
  const missing = ANALYSIS_NAMES.filter((name) => runs.every(({ analyses }) => analyses[name] === undefined));
  const open = runs.filter(({ record }) => record.status !== "finished");
  return [
    ...(open.length === 0 ? [] : [`${open.length} of ${runs.length} runs have not finished.`]),
    ...(missing.length === 0 ? [] : [`Not analysed: ${missing.join(", ")}.`]),
  ];
}

/** So many lines of each that both together are at most MOST_LINES; what one does not need the other has. */
function shares(found: number, not: number): [found: number, not: number] {
  const half = MOST_LINES / 2;
  const ofNot = Math.min(not, Math.max(half, MOST_LINES - found));
  return [Math.min(found, MOST_LINES - ofNot), ofNot];
}

/** The first page: what was found and what was not, in ten lines at most; what has no place there is counted. */
export function summary(tasks: readonly Task[]): Block[] {
  const runs = tasks.flatMap((task) => task.runs);
  const lines = runs.flatMap(ofRun);
  const found = [...tasks.map(results).filter((text) => text !== ""), ...lines.flatMap((each) => each.found)];
  const not = [...lacking(runs), ...lines.flatMap((each) => each.not)];
  const [ofFound, ofNot] = shares(found.length, not.length);
  const list = (heading: string, all: readonly string[], most: number): Block[] => {
    const text =
      all.length > most ? `${heading} (${most} of ${all.length}; the others are in their sections)` : heading;
    return all.length === 0
      ? []
      : [
          { kind: "heading", level: 2, text },
          { kind: "list", items: all.slice(0, most) },
        ];
  };
  return [...list("What was found", found, ofFound), ...list("What was not found", not, ofNot)];
}
