import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsAmong, claimsSection } from "../../../src/analysis/report/claimsSection.ts";
import { seedGroups, type ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { severalSeeds, type Change } from "./messyRuns.ts";

const steps =
  (count: number, validation?: number): Change =>
  ({ experiment, record }) => {
    experiment.training.steps = count;
    if (validation === undefined) return;
    record.bestStep = 300;
    for (const each of record.evaluations) if (each.split === "validation") each.metrics = { accuracy: validation };
  };
const testedOn =
  (examples: number): Change =>
  ({ record }) => {
    for (const each of record.evaluations) each.examples = examples;
  };

/** The texts of the claims, each with its number of seeds. */
function told(...runs: readonly (readonly ReportedRun[])[]): string[] {
  return claimsAmong(seedGroups(runs.flat()))!.claims.map(({ text, n }) => `${text}: ${n}`);
}
const adept = (): ReportedRun[] => severalSeeds("adept", [0.8, 0.9, 0.85]);

test("of several settings that has most seeds in common stands for its method, wherever it is", () => {
  assert.deepEqual(told(severalSeeds("pt", [0.2], steps(1)), severalSeeds("pt", [0.7, 0.7, 0.7]), adept()), [
    `Better than pt, steps=${adept()[0]!.experiment.training.steps} at one budget: 3`,
  ]);
});

test("of as many seeds the best on validation stands for its method, and not the best on test", () => {
  assert.deepEqual(
    told(severalSeeds("pt", [0.9, 0.9], steps(7, 0.3)), severalSeeds("pt", [0.6, 0.6], steps(8, 0.5)), adept()),
    ["Better than pt, steps=8 at one budget: 2"],
  );
});

test("a setting of another budget does not hide one of the same", () => {
  assert.deepEqual(
    told(
      adept(),
      severalSeeds("dept", [0.8, 0.8, 0.8], steps(7), { trainable: 999_999 }),
      severalSeeds("dept", [0.7, 0.7, 0.7], steps(8)),
    ),
    ["Better than dept, steps=8 at one budget: 3"],
  );
});

test("runs that were tested on other numbers of examples are no pair", () => {
  assert.deepEqual(told(adept(), severalSeeds("pt", [0.7, 0.7, 0.7], testedOn(100))), []);
});

test("the setting of ADePT with most seeds is judged, a plain one before one with a remedy, a whole one before a part", () => {
  const remedy: Change = ({ experiment }) => {
    experiment.method = { ...experiment.method, offsetPenalty: 0.1 } as never;
  };
  const part: Change = ({ experiment }) => {
    experiment.part = { sweep: "s", index: 0, of: 1, tune: [], case: "A3" };
  };
  const chosen = (...runs: readonly ReportedRun[][]): string => claimsAmong(seedGroups(runs.flat()))!.adept.runs[0]!.id;
  const [few, remedied, parts] = [
    severalSeeds("adept", [0.9], steps(7)),
    severalSeeds("adept", [0.9, 0.9], remedy),
    severalSeeds("adept", [0.9, 0.9, 0.9], part, steps(7)),
  ];
  const plain = severalSeeds("adept", [0.5, 0.5], steps(9));
  assert.equal(chosen(few, plain), plain[0]!.id);
  assert.equal(chosen(remedied, plain), plain[0]!.id);
  assert.equal(chosen(parts, plain), plain[0]!.id);
  const [analysed] = severalSeeds("adept", [0.1], { scale: 1 }, steps(6));
  assert.equal(chosen(plain, [analysed!]), analysed!.id);
});

test("shifts are compared by the same number of places, the largest that most pairs have", () => {
  const upTo =
    (most: number): Change =>
    ({ analyses, experiment: { seed } }) => {
      const shift = analyses["position-shift"]!;
      shift.cases = shift.cases.filter(({ k }) => k <= most);
      for (const each of shift.cases) each.versus.right.difference = (-each.k * (seed + 1)) / 1000;
    };
  const runs = [
    ...severalSeeds("adept", [0.5, 0.6], { scale: 1 }, upTo(8)),
    ...severalSeeds("dept", [0.5, 0.6], { scale: 1 }, upTo(64)),
  ];
  const shift = claimsAmong(seedGroups(runs))!.claims.find(({ text }) => text.includes("places"))!;
  assert.equal(shift.text, "A shift by 8 places harms DePT more");
  assert.deepEqual([shift.mean, shift.n], [0, 2]);
});

test("of several settings of DePT that with analyses of the same seeds is compared, and named", () => {
  const all = told(
    severalSeeds("adept", [0.8, 0.9], { scale: 2 }),
    severalSeeds("dept", [0.8, 0.9], steps(7)),
    severalSeeds("dept", [0.8, 0.9], steps(8), { scale: 1 }),
  );
  assert.ok(all.includes("Larger offsets than DePT's (Table 2), dept, steps=8: 2"), all.join("\n"));
});

test("a correlation's claim has no points, and one seed is one seed", () => {
  const byPearson: Change = ({ record }) => {
    for (const each of record.evaluations) each.metrics = { pearson: each.metrics["accuracy"]! };
  };
  const runs = [...severalSeeds("adept", [0.8, 0.9], byPearson), ...severalSeeds("pt", [0.5], byPearson)];
  const table = claimsSection(seedGroups(runs)).find((block) => block.kind === "table")!;
  assert.deepEqual(table.rows, [["Better than pt at one budget", "0.300 (one seed)", "cannot be told", "", "1 seed"]]);
  assert.match(table.caption, /effects in points, times or of the correlation/);
});

test("what an analysis could not measure is no claim", () => {
  const unknown: Change = ({ analyses }) => {
    analyses.offsets!.official.meanAbs = NaN;
    analyses.stability!.steps = 0;
    for (const each of analyses.ablation!.cases) each.versus.right.difference = NaN;
  };
  const all = told(
    severalSeeds("adept", [0.8, 0.9], { scale: 2 }, unknown),
    severalSeeds("dept", [0.8, 0.9], { scale: 1 }),
  );
  assert.deepEqual(
    all.map((text) => text.replace(/ .*/, "")),
    ["Better", "A", "Each"],
  );
});
