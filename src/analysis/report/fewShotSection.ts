import { flatten } from "../../base/keyPath.ts";
import { adept } from "../../method/adept/adept.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";
import type { FigureSpec } from "../../figure/figureSpec.ts";
import { metricName } from "../../record/metricText.ts";
import type { Block } from "./blocks.ts";
import { figureBlock } from "./figureBlock.ts";
import { foundOrNot, overSeeds, points } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";

const shotsOf = ({ experiment: { task } }: ReportedRun): number | undefined => task.shots?.k;
const finished = ({ record }: ReportedRun): boolean => record.status === "finished";

/** The arm of a sweep that all of these runs are, or the kind of their method. */
function nameOf(runs: readonly ReportedRun[]): string {
  const arms = new Set(runs.map(({ experiment }) => experiment.part?.arm));
  const [arm] = arms;
  return arms.size === 1 && arm !== undefined ? arm : runs[0]!.experiment.method.kind;
}

/** Runs that differ only in seed and k. */
interface MethodGroup {
  /** Its arm or method, and the settings that differ among groups of that name. */
  label: string;
  /** How many settings its method has. */
  settings: number;
  kind: string;
  runs: ReportedRun[];
}

function methodGroups(runs: readonly ReportedRun[]): MethodGroup[] {
  const settingsOf = (run: ReportedRun): Map<string, unknown> =>
    new Map([...flatten({ method: run.experiment.method, rates: run.experiment.training.learningRate })]);
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([...settingsOf(run)]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const all = [...groups.values()].map((own) => ({ own, settings: settingsOf(own[0]!), name: nameOf(own) }));
  return all.map(({ own, settings: mine, name }) => {
    const same = all.filter((each) => each.name === name);
    const keys = [...new Set(same.flatMap((each) => [...each.settings.keys()]))].filter(
      (key) =>
        mine.get(key) !== undefined && new Set(same.map((each) => JSON.stringify(each.settings.get(key)))).size > 1,
    );
    const told = keys.map((key) =>
      key === "method.source" ? "warm start" : `${key.split(".").at(-1)!}=${JSON.stringify(mine.get(key))}`,
    );
    const { method } = own[0]!.experiment;
    return { label: [name, ...told].join(" "), settings: flatten(method).size, kind: method.kind, runs: own };
  });
}

/** The seed and test value of each run with k training examples. */
function valuesAt(runs: readonly ReportedRun[], k: number, metric: string): { seed: number; value: number }[] {
  return runs
    .filter((run) => shotsOf(run) === k)
    .flatMap((run) => {
      const tested = run.record.evaluations.find(({ split, label }) => split === "test" && label === "trained");
      const value = tested?.metrics[metric];
      return value === undefined ? [] : [{ seed: run.experiment.seed, value }];
    });
}

/** One curve: the mean over seeds for each k that has runs. */
interface Curve {
  label: string;
  points: ({ x: number } & SeedSummary)[];
}

/** The metric over the number of training examples; the table has a row for each k. */
function curveSpec(curves: readonly Curve[], ks: readonly number[], metric: string): FigureSpec {
  return {
    id: "few-shot",
    title: `Test ${metricName(metric)} by the number of training examples`,
    note: "Mean over seeds with its 95 % t-interval.",
    description: curves
      .map(({ label, points: own }) => `${label}: ${own.map(({ x }) => x).join(", ")} examples`)
      .join("; "),
    plot: {
      kind: "lines",
      x: { title: "k", scale: "logarithmic", ticks: ks },
      y: { title: `${metricName(metric)} (%)`, scale: "linear" },
      dodge: true,
      series: curves.map(({ label, points: own }, style) => ({
        name: label,
        style,
        look: "marked",
        points: own.map(({ x, mean, interval }) => ({
          x,
          y: 100 * mean,
          ...(interval && { low: 100 * interval[0], high: 100 * interval[1] }),
        })),
      })),
    },
    table: () => ({
      columns: [{ name: "k" }, ...curves.map(({ label }) => ({ name: label }))],
      rows: ks.map((k) => [
        k,
        ...curves.map(({ points: own }) =>
          overSeeds(
            own.find(({ x }) => x === k),
            (x) => `${points(x)} %`,
          ),
        ),
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
  return ks.flatMap((k) => {
    const others = valuesAt(base, k, metric);
    const pairs = valuesAt(runs, k, metric).flatMap(({ seed, value: a }) => {
      const b = others.find((each) => each.seed === seed);
      return b === undefined ? [] : [{ a, b: b.value }];
    });
    if (pairs.length === 0) return [];
    const { mean, interval, n } = pairedDifference(
      pairs.map(({ a }) => a),
      pairs.map(({ b }) => b),
    );
    return [[label, String(k), foundOrNot(mean, interval), String(n)]];
  });
}

/**
 * The few-shot section: the test value over the number k of training examples, one curve per method, and the
 * differences of the other methods to plain ADePT. Empty with fewer than two values of k.
 * @param among the beginning of the figure's name
 */
export function fewShotSection(given: readonly ReportedRun[], metric: string, among: string): Block[] {
  const runs = given.filter((run) => shotsOf(run) !== undefined && finished(run));
  const ks = [...new Set(runs.map((run) => shotsOf(run)!))].sort((a, b) => a - b);
  if (ks.length < 2) return [];
  const groups = methodGroups(runs);
  const curves = groups.map(({ label, runs: own }) => ({
    label,
    points: ks.flatMap((k) => {
      const values = valuesAt(own, k, metric);
      return values.length === 0 ? [] : [{ x: k, ...seedInterval(values.map((each) => each.value)) }];
    }),
  }));
  // A remedy is one more setting of ADePT, so that plain ADePT has the fewest.
  const [plain = groups[0]!] = groups.filter(({ kind }) => kind === adept.kind).sort((a, b) => a.settings - b.settings);
  const others = groups.filter((each) => each !== plain);
  const against = others.flatMap((each) => differenceRows(each, plain.runs, { ks, metric }));
  const blocks: Block[] = [
    { kind: "heading", level: 3, text: "Few-shot" },
    figureBlock(curveSpec(curves, ks, metric), runs, among),
  ];
  if (against.length > 0)
    blocks.push({
      kind: "table",
      caption: `Against ${plain.label}, points, paired by seed, 95 % t-interval`,
      header: ["", "k", "difference", "seeds"],
      rows: against,
    });
  return blocks;
}
