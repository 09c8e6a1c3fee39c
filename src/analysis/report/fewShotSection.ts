import { flatten } from "../../base/keyPath.ts";
import { adept } from "../../method/adept/adept.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { Block } from "./blocks.ts";
import { foundOrNot, overSeeds, points } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";

const shotsOf = ({ experiment: { task } }: ReportedRun): number | undefined => task.shots?.k;
const finished = ({ record }: ReportedRun): boolean => record.status === "finished";

/** What tells the curves apart: everything but seed and k, named by the settings of the method that differ. */
function curves(runs: readonly ReportedRun[]): { label: string; runs: ReportedRun[] }[] {
  const settings = (run: ReportedRun): Map<string, unknown> =>
    new Map([...flatten({ method: run.experiment.method, rates: run.experiment.training.learningRate })]);
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([...settings(run)]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const all = [...groups.values()].map((own) => ({
    own,
    settings: settings(own[0]!),
    kind: own[0]!.experiment.method.kind,
  }));
  return all.map(({ own, settings: mine, kind }) => {
    const same = all.filter((each) => each.kind === kind);
    const keys = [...new Set(same.flatMap((each) => [...each.settings.keys()]))].filter(
      (key) => new Set(same.map((each) => JSON.stringify(each.settings.get(key)))).size > 1,
    );
    return {
      label: [
        kind,
        ...keys
          .filter((key) => mine.get(key) !== undefined)
          .map((key) =>
            key === "method.source" ? "warm start" : `${key.split(".").at(-1)!}=${JSON.stringify(mine.get(key))}`,
          ),
      ].join(" "),
      runs: own,
    };
  });
}

/** Test value over the number of training examples, a curve per method, and each remedy against ADePT as it is. */
export function fewShotSection(given: readonly ReportedRun[], metric: string): Block[] {
  const runs = given.filter((run) => shotsOf(run) !== undefined && finished(run));
  const ks = [...new Set(runs.map((run) => shotsOf(run)!))].sort((a, b) => a - b);
  if (ks.length < 2) return [];
  const value = (run: ReportedRun): number | undefined =>
    run.record.evaluations.find(({ split, label }) => split === "test" && label === "trained")?.metrics[metric];
  const drawn = curves(runs);
  const at = (own: readonly ReportedRun[], k: number): { seed: number; value: number }[] =>
    own
      .filter((run) => shotsOf(run) === k)
      .flatMap((run) => {
        const found = value(run);
        return found === undefined ? [] : [{ seed: run.experiment.seed, value: found }];
      });
  const summaries = drawn.map(({ label, runs: own }) => ({
    label,
    points: ks.flatMap((k) => {
      const values = at(own, k);
      return values.length === 0 ? [] : [{ x: k, ...seedInterval(values.map((each) => each.value)) }];
    }),
  }));
  const plain = drawn.find(({ label }) => label === adept.kind) ?? drawn[0]!;
  const against = drawn
    .filter((each) => each !== plain)
    .flatMap(({ label, runs: own }) =>
      ks.flatMap((k) => {
        const base = at(plain.runs, k);
        const pairs = at(own, k).flatMap(({ seed, value: a }) => {
          const b = base.find((each) => each.seed === seed);
          return b === undefined ? [] : [{ a, b: b.value }];
        });
        if (pairs.length === 0) return [];
        const { mean, interval, n } = pairedDifference(
          pairs.map(({ a }) => a),
          pairs.map(({ b }) => b),
        );
        return [[label, String(k), foundOrNot(mean, interval), String(n)]];
      }),
    );
  return [
    { kind: "heading", level: 3, text: "Few-shot" },
    {
      kind: "lines",
      caption: `Test ${metric} over training examples k, mean over seeds with its 95 % t-interval`,
      x: "k",
      y: `${metric}, %`,
      lines: summaries.map(({ label, points: own }) => ({
        label,
        points: own.map(({ x, mean, interval }) => ({
          x,
          y: 100 * mean,
          ...(interval && { low: 100 * interval[0], high: 100 * interval[1] }),
        })),
      })),
    },
    {
      kind: "table",
      caption: `Test ${metric} by the number of training examples, mean over seeds with its 95 % t-interval`,
      header: ["k", ...summaries.map(({ label }) => label)],
      rows: ks.map((k) => [
        String(k),
        ...summaries.map(({ points: own }) =>
          overSeeds(
            own.find(({ x }) => x === k),
            (x) => `${points(x)} %`,
          ),
        ),
      ]),
    },
    ...(against.length === 0
      ? []
      : [
          {
            kind: "table" as const,
            caption: `Against ${plain.label}, points, paired by seed, 95 % t-interval`,
            header: ["", "k", "difference", "seeds"],
            rows: against,
          },
        ]),
  ];
}
