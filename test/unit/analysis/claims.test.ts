import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, verdictOf, type Claim } from "../../../src/analysis/report/claims.ts";
import { claimsSection } from "../../../src/analysis/report/claimsSection.ts";
import { seedGroups, type ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { reportedRun } from "./reportedRuns.ts";

interface Given {
  method: string;
  accuracies: readonly number[];
  trainable?: number;
  scales?: readonly number[];
}

const runsOf = ({ method, accuracies, trainable = 12_800, scales }: Given): ReportedRun[] =>
  accuracies.map((accuracy, seed) =>
    reportedRun(`20261201-${seed}-${method}`, {
      seed,
      method,
      accuracy,
      trainable,
      ...(scales !== undefined && { scale: scales[seed]! }),
    }),
  );

function claims(...given: Given[]): Claim[] {
  const groups = seedGroups(given.flatMap(runsOf));
  const adept = groups.find(({ kind }) => kind === "adept")!;
  return claimsOf(
    adept,
    groups.filter((group) => group !== adept),
  );
}
const find = (all: readonly Claim[], text: RegExp): Claim => all.find((each) => text.test(each.text))!;
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

/** Half of the t-interval of three values: 4.302653 is the quantile of two degrees of freedom. */
function half(values: readonly [number, number, number]): number {
  const mean = (values[0] + values[1] + values[2]) / 3;
  const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2);
  return (4.302652729749464 * sd) / Math.sqrt(3);
}

test("results are paired by seed with methods of one budget alone", () => {
  const all = claims(
    { method: "adept", accuracies: [0.9, 0.92, 0.95] },
    { method: "pt", accuracies: [0.8, 0.83, 0.83], trainable: 12_500 },
    { method: "dept", accuracies: [0.93, 0.94, 0.99] },
    { method: "lora", accuracies: [0.5, 0.5, 0.5], trainable: 20_000 },
  );
  const pt = find(all, /than pt /);
  near(pt.mean, 0.31 / 3);
  near(pt.interval![0], 0.31 / 3 - half([0.1, 0.09, 0.12]));
  assert.deepEqual([pt.n, pt.over, verdictOf(pt)], [3, "seeds", "holds"]);
  const dept = find(all, /than dept /);
  near(dept.mean, -0.09 / 3);
  assert.equal(verdictOf(dept), "does not hold");
  assert.equal(find(all, /than lora /), undefined);
});

test("offsets are compared by their ratio, shifts and ablations in shares", () => {
  const all = claims(
    { method: "adept", accuracies: [0.9, 0.9, 0.9], scales: [20, 10, 40] },
    { method: "dept", accuracies: [0.9, 0.9, 0.9], scales: [1, 1, 1] },
  );
  const sizes = find(all, /Table 2/);
  near(10 ** sizes.mean, 20);
  near(sizes.interval![0], Math.log10(20) - half([Math.log10(20), 1, Math.log10(40)]));
  assert.equal(verdictOf(sizes), "holds");
  const ffn = find(all, /FFN/);
  near(ffn.mean, 0.12);
  assert.deepEqual([verdictOf(ffn), ffn.n], ["holds", 3]);
  near(find(all, /its own offset/).mean, 0.05);
  // T1 changes nothing in these results, whatever the scale.
  assert.equal(verdictOf(find(all, /shift by 64 places/)), "does not hold");
});

test("a shift that takes more from DePT speaks for the claim", () => {
  const given = [
    { method: "adept", accuracies: [0.9, 0.9, 0.9], scales: [1, 1, 1] },
    { method: "dept", accuracies: [0.9, 0.9, 0.9], scales: [1, 1, 1] },
  ];
  const groups = seedGroups(given.flatMap(runsOf));
  const [adept, dept] = ["adept", "dept"].map((kind) => groups.find((group) => group.kind === kind)!);
  for (const [seed, run] of dept!.runs.entries())
    for (const each of run.analyses["position-shift"]!.cases)
      if (each.test === "T1") each.versus.right.difference = -0.001 * each.k - 0.01 * seed;
  const shift = claimsOf(adept!, [dept!]).find(({ text }) => text.includes("64 places"))!;
  near(shift.mean, 0.074);
  assert.equal(verdictOf(shift), "holds");
});

test("one run is judged by its own interval over test examples, in the claim's direction", () => {
  const all = claims({ method: "adept", accuracies: [0.9], scales: [1] });
  const ffn = find(all, /FFN/);
  near(ffn.interval![0], 0.12 - 0.021);
  near(ffn.interval![1], 0.12 + 0.021);
  assert.deepEqual([ffn.n, ffn.over], [605, "examples"]);
});

test("the section says what could have been found where nothing can be told, and is empty without ADePT", () => {
  const runs = [
    ...runsOf({ method: "adept", accuracies: [0.9, 0.92, 0.88] }),
    ...runsOf({ method: "pt", accuracies: [0.9, 0.9, 0.91] }),
  ];
  const table = claimsSection(seedGroups(runs)).find((block) => block.kind === "table")!;
  const size = (100 * half([0, 0.02, -0.03])).toFixed(1);
  assert.deepEqual(
    table.rows.map((row) => row.slice(2)),
    [["cannot be told", `${size} points`, "3 seeds"]],
  );
  assert.deepEqual(claimsSection(seedGroups(runs.slice(3))), []);
});

test("runs with other numbers of training examples have tables of their own, each with its own values", () => {
  const at = (k: number, method: string, accuracies: number[]): ReportedRun[] =>
    runsOf({ method, accuracies }).map(({ id, experiment, ...rest }) => ({
      ...rest,
      id: `${id}-${k}`,
      experiment: { ...experiment, task: { ...experiment.task, shots: { k, sampling: "balanced" } } },
    }));
  const runs = [
    ...at(4, "adept", [0.6, 0.62, 0.61]),
    ...at(128, "adept", [0.9, 0.92, 0.91]),
    ...at(4, "pt", [0.7, 0.71, 0.72]),
    ...at(128, "pt", [0.8, 0.81, 0.79]),
  ];
  const tables = claimsSection(seedGroups(runs)).filter((block) => block.kind === "table");
  assert.deepEqual(
    tables.map(({ caption, rows }) => [/k=\d+/.exec(caption)?.[0], rows.map((row) => row[2])]),
    [
      ["k=4", ["does not hold"]],
      ["k=128", ["holds"]],
    ],
  );
});
