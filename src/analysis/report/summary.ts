import { ANALYSIS_NAMES } from "../../experiment/analysisNames.ts";
import { LOSS, metricName } from "../../record/metricText.ts";
import { compareRuns, testValue } from "../compare/compareRuns.ts";
import { alteredLines } from "./alteredLines.ts";
import type { Block } from "./blocks.ts";
import { claimLines } from "./claimLines.ts";
import { countOf, metricNumber, overSeeds } from "./format.ts";
import { seedGroups, type ReportedRun } from "./reportedRun.ts";
import { merged, some, type SummaryLines } from "./summaryLines.ts";

/** The first page has at most so many lines, of what was found and of what was not together. */
const MOST_LINES = 10;

interface Task {
  name: string;
  runs: readonly ReportedRun[];
}

/** A few-shot task is one for each number of training examples: what they bring is not compared within one line. */
function byShots({ name, runs }: Task): Task[] {
  const ks = [...new Set(runs.map(({ experiment }) => experiment.task.shots?.k))].sort((a, b) => (a ?? 0) - (b ?? 0));
  return ks.map((k) => ({
    name: k === undefined || ks.length === 1 ? name : `${name} with k = ${k}`,
    runs: runs.filter(({ experiment }) => experiment.task.shots?.k === k),
  }));
}

/** The result of each method or setting on the test split, the best first. */
function results({ name, runs }: Task): string[] {
  const { metric, rows } = compareRuns(runs);
  const better = metric === LOSS ? -1 : 1;
  const best = rows
    .flatMap((row) => (row.test === undefined ? [] : [{ ...row, test: row.test }]))
    .sort((a, b) => better * (b.test.mean - a.test.mean) || 0);
  const counts = new Set(best.map((row) => row.seeds.length));
  // One number of seeds is told once.
  const [common] = counts.size === 1 && !counts.has(1) ? counts : [];
  const texts = best.map(({ label, test, seeds, testExamples = 0 }) => {
    if (seeds.length === 1) return `${label} ${metricNumber(metric, test.mean)} (one seed, n = ${testExamples})`;
    const value = `${label} ${overSeeds(test, (x) => metricNumber(metric, x))}`;
    return common === undefined ? `${value} over ${seeds.length} seeds` : value;
  });
  const over = common === undefined ? "" : ` over ${common} seeds`;
  return texts.length === 0 ? [] : [`${name}, test ${metricName(metric)}${over}: ${some(texts)}.`];
}

/** Finished runs that were not tested, or not by the metric that their task is judged by. */
function untested(tasks: readonly Task[]): string[] {
  const over = tasks.flatMap(({ runs }) => {
    const { metric } = compareRuns(runs);
    return runs.filter(({ record }) => record.status === "finished").map((run) => testValue(run, metric));
  });
  const without = over.filter((value) => value === undefined).length;
  return without === 0
    ? []
    : [`${without} of ${countOf(over.length, "finished run")} without a result on the test split.`];
}

/** Analyses that apply to some run and that none of the runs has, and runs without a result. */
function lacking(tasks: readonly Task[]): string[] {
  const runs = tasks.flatMap((task) => task.runs);
  const missing = ANALYSIS_NAMES.filter((name) => runs.every(({ analyses }) => analyses[name] === undefined));
  const open = runs.filter(({ record }) => record.status !== "finished");
  return [
    ...(open.length === 0
      ? []
      : [`${open.length} of ${countOf(runs.length, "run")} ${open.length === 1 ? "has" : "have"} not finished.`]),
    ...untested(tasks),
    ...(missing.length === 0 ? [] : [`Not analysed: ${missing.join(", ")}.`]),
  ];
}

/** So many lines of each that both together are at most `most`; what one does not need the other has. */
function shares(found: number, not: number, most: number): [found: number, not: number] {
  const ofNot = Math.min(not, Math.max(Math.floor(most / 2), most - found));
  return [Math.min(found, most - ofNot), ofNot];
}

/** Results, and what is told of claims: where not all have a place, results are left out, and no claim is. */
interface FirstLines extends SummaryLines {
  /** How many of the lines that were found are of claims, the last ones. */
  claims: number;
}

/** The first lines, of results and claims before those of single analyses. */
function chosen(first: FirstLines, then: SummaryLines): SummaryLines {
  // What has lines of analyses alone keeps the place of one, so that no heading stands without a line.
  const least = (key: keyof SummaryLines): number => (first[key].length === 0 ? Math.min(1, then[key].length) : 0);
  const [kept, keptNot] = [least("found"), least("not")];
  const room = MOST_LINES - kept - keptNot;
  const [found, not] = shares(first.found.length, first.not.length, room);
  const [more, moreNot] = shares(then.found.length - kept, then.not.length - keptNot, room - found - not);
  return {
    found: [
      ...first.found.slice(0, Math.max(0, found - first.claims)),
      ...first.found.slice(first.found.length - first.claims),
      ...then.found.slice(0, kept + more),
    ],
    not: [...first.not.slice(0, not), ...then.not.slice(0, keptNot + moreNot)],
  };
}

/** The first page: what was found and what was not, in ten lines at most; what has no place there is counted. */
export function summary(tasks: readonly Task[]): Block[] {
  const each = tasks.flatMap(byShots);
  const claims = claimLines(each);
  const first = {
    found: [...each.flatMap(results), ...claims.found],
    claims: claims.found.length,
    not: [...claims.not, ...lacking(each)],
  };
  const then = merged(
    each.flatMap(({ name, runs }) =>
      seedGroups(runs).map((group) => alteredLines(group, each.length > 1 ? name : undefined)),
    ),
  );
  const lines = chosen(first, then);
  const list = (heading: string, key: keyof SummaryLines): Block[] => {
    const all = first[key].length + then[key].length;
    const own = lines[key];
    const text = all > own.length ? `${heading} (${own.length} of ${all}; the others are in their sections)` : heading;
    return all === 0
      ? []
      : [
          { kind: "heading", level: 2, text },
          { kind: "list", items: own },
        ];
  };
  return [...list("What was found", "found"), ...list("What was not found", "not")];
}
