import assert from "node:assert/strict";
import { test } from "node:test";
import { LABELS } from "../../../src/analysis/report/figureBlock.ts";
import { curvesFigure, smoothed } from "../../../src/figure/curvesFigure.ts";
import { curveGroups, MOST_CURVES } from "../../../src/figure/sweep/curveGroups.ts";
import type { RunEvent } from "../../../src/record/events.ts";
import { StepClock } from "../../../src/record/stepClock.ts";
import { gridSweep, sweepRun } from "./sweepRuns.ts";

const step = (at: number, time: number): RunEvent => ({
  type: "step",
  time,
  step: at,
  loss: 1,
  learningRate: {},
  gradientNorm: {},
  updateRatio: {},
  tokensPerSecond: 100,
  secondsLeft: 2 * (10 - at),
});
const status = (time: number): RunEvent => ({ type: "status", time, status: "running" });
const created: RunEvent = {
  type: "created",
  time: 0,
  version: 1,
  id: "a",
  name: "a",
  method: "adept",
  task: "mail",
  backbone: "b",
  seed: 0,
  steps: 10,
};

test("the clock of a run: seconds without its interruptions, tokens from a step's speed and time, read in pieces", () => {
  const clock = new StepClock();
  assert.deepEqual(clock.read([created, status(1000), step(1, 3000), step(2, 5000)]), [
    [2, 200],
    [4, 400],
  ]);
  // The worker died an hour; steps 2 and 3 of the resumed run: the lost step 2 counts no more.
  assert.deepEqual(clock.read([status(3_605_000), step(2, 3_608_000), step(3, 3_610_000)]), [
    [5, 400],
    [7, 600],
  ]);
  // The last step leaves no time by which to tell its own: that of the step before counts.
  assert.deepEqual(clock.read([step(10, 3_611_000)]), [[8, 800]]);
});

test("smoothing is the mean of as many steps on both sides, none at the ends, and the caption says it", () => {
  const points = [1, 2, 6, 3, 8].map((y, x): [number, number] => [x, y]);
  assert.deepEqual(
    smoothed(points, 3).map(([, y]) => y),
    [1, 3, 11 / 3, 17 / 3, 8],
  );
  assert.equal(smoothed(points, 5)[2]![1], 4);
  const groups = [{ name: "a", style: 0, runs: [{ points, validation: [] }] }];
  const asked = { measure: "loss", scale: "linear", most: Infinity } as const;
  assert.match(curvesFigure(groups, { ...asked, smooth: 3 }, LABELS).note, /mean of 3 steps around it/);
  assert.doesNotMatch(curvesFigure(groups, asked, LABELS).note, /mean of/);
});

test("curves over tokens or seconds stand at the mean of their runs' places at the same step", () => {
  const run = (factor: number) => ({
    points: [1, 2, 3].map((at): [number, number] => [at, at * factor]),
    clock: [1, 2, 3].map((at): [number, number] => [at * factor, at * 10 * factor]),
    validation: [[2, factor]] as [number, number][],
  });
  const groups = [{ name: "both", style: 0, runs: [run(1), run(3)] }];
  const of = (over: "tokens" | "time", measure: "loss" | "validation") =>
    curvesFigure(groups, { measure, scale: "linear", most: Infinity, over }, LABELS);
  assert.deepEqual(of("time", "loss").plot!.series[0]!.points, [
    { x: 2, y: 2, low: 1, high: 3 },
    { x: 4, y: 4, low: 2, high: 6 },
    { x: 6, y: 6, low: 3, high: 9 },
  ]);
  assert.deepEqual(of("tokens", "validation").plot!.series[0]!.points, [{ x: 40, y: 2, low: 1, high: 3 }]);
  assert.match(of("tokens", "loss").note, /estimated.*step by step/);
  const { columns, rows } = of("tokens", "loss").table();
  assert.deepEqual([columns[0]!.name, rows[0]], ["Tokens trained", [20, 2, 1, 3]]);
});

test("groups of runs: each by itself, over seeds, by a setting but never over methods; at most so many, the best", () => {
  const sweep = gridSweep();
  const runs = sweep.runs.map(({ id, name, seed }) => ({ id, name, seed, points: [], validation: [] }));
  const styles = new Map<string, number>();
  const sizes = (by: string, selected?: ReadonlySet<string>) =>
    curveGroups(runs, sweep, { by, selected, styles }, LABELS).groups.map((group) => [group.name, group.runs.length]);
  assert.equal(sizes("run").length, 18);
  assert.deepEqual(
    sizes("seeds").map(([, count]) => count),
    [3, 3, 3, 3, 3, 3],
  );
  assert.deepEqual(sizes("method.bottleneck"), [
    ["bottleneck 8", 9],
    ["bottleneck 16", 9],
  ]);
  assert.deepEqual(sizes("run", new Set(["00"])), [["run 00", 1]]);
  const methods = { ...sweep, runs: sweep.runs.map((run, i) => ({ ...run, arm: i % 4 < 2 ? "a" : "b" })) };
  assert.deepEqual(
    curveGroups(runs, methods, { by: "method.bottleneck", styles }, LABELS)
      .groups.map(({ name }) => name)
      .sort(),
    ["arm a, bottleneck 16", "arm a, bottleneck 8", "arm b, bottleneck 16", "arm b, bottleneck 8"],
  );
  const many = Array.from({ length: 40 }, (_, i) =>
    sweepRun(String(i), { settings: { i }, validation: ((i * 7) % 40) / 100 }),
  );
  const { groups, hidden } = curveGroups(
    many.map(({ id, name, seed }) => ({ id, name, seed, points: [], validation: [] })),
    { ...sweep, runs: many },
    { by: "run", styles },
    LABELS,
  );
  assert.deepEqual([groups.length, hidden], [MOST_CURVES, 40 - MOST_CURVES]);
  const least = many.map(({ validation }) => validation!).sort((a, b) => b - a)[MOST_CURVES - 1]!;
  const kept = new Set(groups.map(({ name }) => name));
  for (const { name, validation } of many) assert.equal(kept.has(name), validation! >= least, name);
});

test("groups by a setting: close values are not one, seeds alone are one curve, and so are runs without the setting", () => {
  const groupsOf = (by: string, settings: readonly Record<string, unknown>[]) => {
    const results = settings.map((own, i) => sweepRun(String(i), { seed: i, settings: own }));
    const curves = results.map(({ id, name, seed }) => ({ id, name, seed, points: [], validation: [] }));
    const sweep = { measure: "accuracy", testMetric: "accuracy", runs: results };
    return curveGroups(curves, sweep, { by, styles: new Map() }, LABELS).groups.map(({ name, runs }) => [
      name,
      runs.length,
    ]);
  };
  assert.deepEqual(groupsOf("training.steps", [{ "training.steps": 16384 }, { "training.steps": 16385 }]), [
    ["steps 16384", 1],
    ["steps 16385", 1],
  ]);
  assert.deepEqual(groupsOf("a", [{ a: 0.123456 }, { a: 0.123457 }, { a: 0.2000001 }]), [
    ["a 0.123456", 1],
    ["a 0.123457", 1],
    ["a 0.2", 1],
  ]);
  assert.deepEqual(groupsOf("seeds", [{}, {}, {}]), [["Over seeds", 3]]);
  assert.deepEqual(groupsOf("a", [{ a: 1 }, { a: 2 }, {}, {}]), [
    ["a 1", 1],
    ["a 2", 1],
    ["a none", 2],
  ]);
});

test("a run looks as its style says, the first of all styles too", () => {
  const runs = ["a", "b"].map((id) => ({ id, name: id, seed: 0, points: [], validation: [] }));
  const styles = new Map([
    ["a", 1],
    ["b", 0],
  ]);
  const { groups } = curveGroups(runs, undefined, { by: "run", styles }, LABELS);
  assert.deepEqual(
    groups.map(({ style }) => style),
    [1, 0],
  );
});
