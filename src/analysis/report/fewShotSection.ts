import { isDeepStrictEqual } from "node:util";
import { flatten } from "../../base/keyPath.ts";
import { adept } from "../../method/adept/adept.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";
import type { FigureSpec } from "../../figure/figureSpec.ts";
import { scaleOf } from "../../figure/comparisonFigures.ts";
import { isCorrelation, metricName } from "../../record/metricText.ts";
import { NOT_SETTINGS } from "../../record/sweepResults.ts";
import { oneOfEachSeed, tested, testValue } from "../compare/compareRuns.ts";
import { drawOf } from "../compare/drawOf.ts";
import type { Block } from "./blocks.ts";
import { figureBlock } from "./figureBlock.ts";
import { differenceScale, foundOrNot, metricNumber, overSeeds } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";

const shotsOf = ({ experiment: { task } }: ReportedRun): number | undefined => task.shots?.k;
const finished = ({ record }: ReportedRun): boolean => record.status === "finished";

/** The arm of a sweep that all of these runs are, or the kind of their method. */
function nameOf(runs: readonly ReportedRun[]): string {
  const arms = new Set(runs.map(({ experiment }) => experiment.part?.arm));
  const [arm] = arms;
  return arms.size === 1 && arm !== undefined ? arm : runs[0]!.experiment.method.kind;
}

/** Runs that differ only in seed and k, and in what was set for each k. */
interface MethodGroup {
  /** Its arm or method, and the settings that differ among groups of that name. */
  label: string;
  /** How many settings its method has. */
  settings: number;
  kind: string;
  runs: ReportedRun[];
}

type Settings = ReadonlyMap<string, unknown>;
const textOf = (settings: Settings): string => JSON.stringify([...settings]);
const methodOf = ({ experiment: { method, training } }: ReportedRun): Settings =>
  flatten({ method, rates: training.learningRate });
/** All settings but k and the seeds. */
const settingsOf = ({ experiment }: ReportedRun): Settings =>
  new Map([...flatten(experiment)].filter(([key]) => key !== "task.shots.k" && !NOT_SETTINGS.test(key)));

function groupedBy(runs: readonly ReportedRun[], of: (run: ReportedRun) => Settings): ReportedRun[][] {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const key = textOf(of(run));
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

/** Whether runs with one k differ in more than their seed: they are no samples of one value then. */
const isMixed = (runs: readonly ReportedRun[]): boolean =>
  [...new Set(runs.map(shotsOf))].some(
    (k) =>
      groupedBy(
        runs.filter((run) => shotsOf(run) === k),
        settingsOf,
      ).length > 1,
  );

/** Settings that all runs of a group share. */
function sharedBy(runs: readonly ReportedRun[]): Settings {
  const [first, ...others] = runs.map(settingsOf);
  return new Map([...first!].filter(([key, value]) => others.every((each) => isDeepStrictEqual(each.get(key), value))));
}

/** A curve's runs share their method and rates, and all other settings where several of these were tried with one k. */
function methodGroups(runs: readonly ReportedRun[]): MethodGroup[] {
  const all = groupedBy(runs, methodOf)
    .flatMap((own) => (isMixed(own) ? groupedBy(own, settingsOf) : [own]))
    .map((own) => ({ own, settings: sharedBy(own), name: nameOf(own) }));
  return all.map(({ own, settings: mine, name }) => {
    const same = all.filter((each) => each.name === name);
    const keys = [...mine.keys()].filter(
      (key) => new Set(same.map((each) => JSON.stringify(each.settings.get(key)))).size > 1,
    );
    const told = keys.map((key) =>
      key === "method.source" ? "warm start" : `${key.split(".").at(-1)!}=${JSON.stringify(mine.get(key))}`,
    );
    const { method } = own[0]!.experiment;
    return { label: [name, ...told].join(" "), settings: flatten(method).size, kind: method.kind, runs: own };
  });
}

/** A run's value on the test split. */
interface Value {
  draw: string;
  value: number;
  /** How many examples were tested: values of other numbers are no pairs. */
  examples: number;
}

/** The test value of each run with k training examples; of runs with one seed the newest counts. */
function valuesAt(runs: readonly ReportedRun[], k: number, metric: string): Value[] {
  return oneOfEachSeed(runs.filter((run) => shotsOf(run) === k)).flatMap((run) => {
    const [value, test] = [testValue(run, metric), tested(run)];
    return value === undefined || test === undefined
      ? []
      : [{ draw: drawOf(run.experiment), value, examples: test.examples }];
  });
}

/** One curve: the mean over seeds for each k that has runs. */
interface Curve {
  label: string;
  points: ({ x: number } & SeedSummary)[];
}

/** The metric over the number of training examples; the table has a row for each k. */
function curveSpec(curves: readonly Curve[], ks: readonly number[], metric: string): FigureSpec {
  const { title, factor, show } = scaleOf(metric, isCorrelation(metric));
  const name = metricName(metric);
  const at = ({ points: own }: Curve, k: number): SeedSummary | undefined => own.find(({ x }) => x === k);
  return {
    id: "few-shot",
    title: `Test ${name} by the number of training examples`,
    note: "Mean over seeds with its 95 % t-interval.",
    description: curves
      .map(({ label, points: own }) => `${label}: ${own.map(({ x }) => x).join(", ")} examples`)
      .join("; "),
    plot: {
      kind: "lines",
      x: { title: "k", scale: "logarithmic", ticks: ks },
      y: { title: title.replace(metric, name), scale: "linear" },
      dodge: true,
      series: curves.map(({ label, points: own }, style) => ({
        name: label,
        style,
        look: "marked",
        points: own.map(({ x, mean, interval }) => ({
          x,
          y: factor * mean,
          ...(interval && { low: factor * interval[0], high: factor * interval[1] }),
        })),
      })),
    },
    table: () => ({
      columns: [{ name: "k" }, ...curves.map(({ label }) => ({ name: label }))],
      rows: ks.map((k) => [k, ...curves.map((curve) => overSeeds(at(curve, k), (x) => metricNumber(metric, x)))]),
    }),
    numbers: () => ({
      columns: [
        { name: "k" },
        ...curves.flatMap(({ label }) =>
          [label, `${label}: low`, `${label}: high`, `${label}: seeds`].map((each) => ({ name: each, show })),
        ),
      ],
      rows: ks.map((k) => [
        k,
        ...curves.flatMap((curve) => {
          const summary = at(curve, k);
          return [summary?.mean, summary?.interval?.[0], summary?.interval?.[1], summary?.n];
        }),
      ]),
    }),
  };
}

/** Table rows with the difference of a method to the base at each k, paired by seed. */
function differenceRows(
  { label, runs }: { label: string; runs: readonly ReportedRun[] },
  base: readonly ReportedRun[],
  { ks, metric }: { ks: readonly number[]; metric: string },
): string[][] {
  const { show } = differenceScale(metric);
  return ks.flatMap((k) => {
    const others = valuesAt(base, k, metric);
    const pairs = valuesAt(runs, k, metric).flatMap(({ draw, value: a, examples }) => {
      const b = others.find((each) => each.draw === draw && each.examples === examples);
      return b === undefined ? [] : [{ a, b: b.value }];
    });
    if (pairs.length === 0) return [];
    const { mean, interval, n } = pairedDifference(
      pairs.map(({ a }) => a),
      pairs.map(({ b }) => b),
    );
    return [[label, String(k), foundOrNot(mean, interval, show), String(n)]];
  });
}

/**
 * The few-shot section: the test value over the number k of training examples, one curve per method, and the
 * differences of the other methods to plain ADePT. Empty with fewer than two values of k, or without a value.
 * @param among the beginning of the figure's name
 */
export function fewShotSection(given: readonly ReportedRun[], metric: string, among: string): Block[] {
  const runs = given.filter((run) => shotsOf(run) !== undefined && finished(run));
  const ks = [...new Set(runs.map((run) => shotsOf(run)!))].sort((a, b) => a - b);
  if (ks.length < 2) return [];
  const groups = methodGroups(runs);
  const curves = groups
    .map(({ label, runs: own }) => ({
      label,
      points: ks.flatMap((k) => {
        const values = valuesAt(own, k, metric);
        return values.length === 0 ? [] : [{ x: k, ...seedInterval(values.map((each) => each.value)) }];
      }),
    }))
    .filter((curve) => curve.points.length > 0);
  if (curves.length === 0) return [];
  // A remedy is one more setting of ADePT, so that plain ADePT has the fewest; of several such, that with most runs.
  const [plain = groups[0]!] = groups
    .filter(({ kind }) => kind === adept.kind)
    .sort((a, b) => a.settings - b.settings || b.runs.length - a.runs.length);
  const others = groups.filter((each) => each !== plain);
  const against = others.flatMap((each) => differenceRows(each, plain.runs, { ks, metric }));
  const blocks: Block[] = [
    { kind: "heading", level: 3, text: "Few-shot" },
    figureBlock(curveSpec(curves, ks, metric), runs, among),
  ];
  if (against.length > 0)
    blocks.push({
      kind: "table",
      caption: `Against ${plain.label}, ${differenceScale(metric).unit}, paired by seed, 95 % t-interval`,
      header: ["", "k", "difference", "seeds"],
      rows: against,
    });
  return blocks;
}
