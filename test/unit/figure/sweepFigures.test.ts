import assert from "node:assert/strict";
import { test } from "node:test";
import { LABELS } from "../../../src/analysis/report/figureBlock.ts";
import { bestSoFarFigure } from "../../../src/figure/sweep/bestSoFarFigure.ts";
import { adjustedShare, importances } from "../../../src/figure/sweep/importance.ts";
import { importanceFigure } from "../../../src/figure/sweep/importanceFigure.ts";
import { judgedSweep, sweepMeasure } from "../../../src/figure/sweep/judgedSweep.ts";
import { parallelFigure } from "../../../src/figure/sweep/parallelFigure.ts";
import { settingFigure } from "../../../src/figure/sweep/settingFigure.ts";
import { placesOf, settingsHeatmap } from "../../../src/figure/sweep/settingsHeatmap.ts";
import { isSweep, sweepFigures } from "../../../src/figure/sweep/sweepFigures.ts";
import { settingAxis, valueText, variedSettings } from "../../../src/figure/sweep/variedSettings.ts";
import { apart, nearest } from "../../../src/figure/parallelPlaces.ts";
import { gridSweep, RATES, scoreOf, SIZES, sweepRun } from "./sweepRuns.ts";

const sweep = judgedSweep(gridSweep());
const validation = sweepMeasure(sweep, "validation", LABELS);
const [rate, size] = ["training.learningRate.ffn", "method.bottleneck"].map((key) =>
  sweep.settings.find((setting) => setting.key === key)!,
);
const close = (a: number | undefined, b: number): void => {
  assert.ok(a !== undefined && Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
};

test("settings that vary: rates on a logarithmic axis, steps on a linear one, words as categories, the rest not at all", () => {
  const of = (values: readonly unknown[]) =>
    variedSettings(values.map((value, i) => sweepRun(String(i), { settings: { "training.x": value, same: 1 } })));
  const scale = (...values: unknown[]) => of(values).map((setting) => setting.scale);
  assert.deepEqual(scale(1e-4, 1e-3, 1e-2), ["logarithmic"]);
  assert.deepEqual(scale(8, 16, 32, 64), ["logarithmic"]);
  assert.deepEqual(scale(100, 200, 300, 400), ["linear"]);
  assert.deepEqual(scale(0, 0.1, 10), ["linear"]);
  assert.deepEqual(scale(0.1, 1), ["logarithmic"]);
  assert.deepEqual(scale(20, 30), ["linear"]);
  assert.deepEqual(scale("a", "b", "a"), [undefined]);
  assert.deepEqual(scale(1, "auto"), [undefined]);
  assert.deepEqual(scale(3, 3), []);
  assert.deepEqual(of(["/data/a/x.csv", "/data/b/x.csv"])[0]!.values, ["/data/a/x.csv", "/data/b/x.csv"]);
  assert.deepEqual(of(["/data/a/x.csv", "/data/b/y.csv"])[0]!.values, ["x.csv", "y.csv"]);
  assert.deepEqual([rate!.name, rate!.values, size!.scale], ["learningRate.ffn", RATES, "linear"]);
});

test("a setting that only some runs have, with one value: these are no seeds of the others; implied ones are no more", () => {
  const keys = (...settings: Record<string, unknown>[]) =>
    variedSettings(settings.map((own, i) => sweepRun(String(i), { settings: own }))).map(({ key }) => key);
  assert.deepEqual(keys({ clip: 1 }, {}, { clip: 1 }, {}), ["clip"]);
  assert.deepEqual(keys({ clip: "on" }, {}), ["clip"]);
  assert.deepEqual(keys({ kind: "a", a: 1 }, { kind: "b" }, { kind: "a", a: 1 }), ["kind"]);
  assert.deepEqual(keys({ x: 1, y: 2 }, {}), ["x"]);
  assert.deepEqual(keys({ x: 1, rate: 1 }, { rate: 2 }, { x: 1, rate: 3 }), ["x", "rate"]);
  const runs = [0, 1, 2, 3].map((i) =>
    sweepRun(String(i), { seed: i >> 1, settings: i % 2 ? { clip: 1 } : {}, validation: i % 2 ? 0.9 : 0.1 }),
  );
  const { combinations, best } = judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs });
  assert.deepEqual([combinations.length, best!.validation, best!.runs.length], [2, 0.9, 2]);
});

test("values as texts: whole numbers as stored, close ones told apart; ticks are values where these are short and apart", () => {
  assert.deepEqual(
    [16384, -16384, 0.123456, -1e-7].map((value) => valueText(value)),
    ["16384", "−16384", "0.1235", "−1e−7"],
  );
  assert.deepEqual([valueText(0.123456, [0.123457]), valueText(0.1, [0.123457])], ["0.123456", "0.1"]);
  const ticks = (...values: number[]) =>
    settingAxis(variedSettings(values.map((x, i) => sweepRun(String(i), { settings: { x } })))[0]!, "x").ticks;
  assert.deepEqual(ticks(1e-4, 1e-2, 1), [1e-4, 1e-2, 1]);
  assert.equal(ticks(0.000123456, 0.01, 0.2), undefined);
  assert.equal(ticks(0, 0.001, 1), undefined);
  const steps = variedSettings(
    Array.from({ length: 20 }, (_, i) => sweepRun(String(i), { settings: { steps: 2000 + i } })),
  )[0]!;
  const names = placesOf(steps).map(({ name }) => name.split("–"));
  for (const [from, to] of names) assert.notEqual(from, to);
});

test("arms are one setting that stands for all they say, and what varies within an arm is one of its own", () => {
  const run = (id: string, arm: string, settings: Record<string, unknown>) => sweepRun(id, { arm, settings });
  const settings = variedSettings([
    run("a", "small", { "method.kind": "adept", "training.steps": 100, "training.learningRate.ffn": 0.1 }),
    run("b", "small", { "method.kind": "adept", "training.steps": 100, "training.learningRate.ffn": 0.2 }),
    run("c", "tuned prompt", { "method.kind": "pt", "training.steps": 200 }),
  ]);
  assert.deepEqual(
    settings.map(({ key, values }) => [key, values]),
    [
      ["arm", ["small", "tuned prompt"]],
      ["training.learningRate.ffn", [0.1, 0.2]],
    ],
  );
  assert.equal(settings[1]!.of.get("c"), undefined);
  const methods = variedSettings([
    sweepRun("a", { settings: { "method.kind": "adept", "method.bottleneck": 8, "training.steps": 100 } }),
    sweepRun("b", { settings: { "method.kind": "pt", "training.steps": 200 } }),
  ]);
  assert.deepEqual(
    methods.map(({ key }) => key),
    ["method", "training.steps"],
  );
});

test("validation chooses, never the test metric: the mean over seeds, of combinations with as many seeds", () => {
  const [first] = sweep.best!.runs;
  assert.deepEqual([rate!.of.get(first!.id), size!.of.get(first!.id), sweep.best!.runs.length], [1e-3, 16, 3]);
  const given = gridSweep();
  const lucky = sweepRun("lucky", {
    settings: { "training.learningRate.ffn": 1e-5, "method.bottleneck": 8 },
    validation: 0.99,
  });
  assert.equal(judgedSweep({ ...given, runs: [...given.runs, lucky] }).best!.runs[0]!.id, first!.id);
  const loss = judgedSweep({ ...given, measure: "loss" });
  assert.equal(rate!.of.get(loss.best!.runs[0]!.id) === 1e-3, false);
  assert.equal(
    judgedSweep({ ...given, runs: [...given.runs, sweepRun("open", { validation: undefined })] }).unjudged,
    1,
  );
});

test("a numeric setting: a dot for each run as stored, and at each value the mean over seeds of what validation chooses there", () => {
  const { plot, note, table } = settingFigure(sweep, { setting: rate!, measure: validation }, LABELS);
  assert.ok(plot?.kind === "lines");
  assert.equal(plot.x.scale, "logarithmic");
  const [series] = plot.series;
  assert.deepEqual(series!.dots!.map(({ y }) => y).sort(), sweep.runs.map((run) => 100 * run.validation).sort());
  for (const [i, { x, y, low, high }] of series!.points.entries()) {
    const seeds = [0, 1, 2].map((seed) => 100 * scoreOf(RATES[i]!, 16, seed));
    assert.equal(x, RATES[i]);
    close(y, seeds.reduce((a, b) => a + b) / 3);
    assert.deepEqual([low, high], [Math.min(...seeds), Math.max(...seeds)]);
  }
  assert.match(note, /judged by validation/);
  assert.equal(table().rows.length, 3 + 18);
  const shown = sweepMeasure(sweep, "test", LABELS);
  const tested = settingFigure(sweep, { setting: rate!, measure: shown }, LABELS).plot;
  assert.ok(tested?.kind === "lines");
  // The test metric runs against validation here: what it would choose is not what is shown.
  close(
    tested.series[0]!.points[1]!.y,
    (100 * [0, 1, 2].reduce((sum, seed) => sum + 1 - scoreOf(1e-3, 16, seed), 0)) / 3,
  );
  const chosen = new Set(["03", "04"]);
  const marked = settingFigure(sweep, { setting: rate!, measure: validation, chosen }, LABELS).plot;
  assert.ok(marked?.kind === "lines");
  assert.deepEqual(
    marked.series.at(-1)!.points.map(({ y }) => y),
    sweep.runs.filter(({ id }) => chosen.has(id)).map((run) => 100 * run.validation),
  );
});

test("a setting of categories, and methods that are never in one mean", () => {
  const runs = ["adept", "pt"].flatMap((arm, i) =>
    [8, 16, 32].map((steps) =>
      sweepRun(`${arm}${steps}`, { arm, settings: { "training.steps": steps, way: "x" }, validation: i + steps / 100 }),
    ),
  );
  const both = judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs });
  const measure = sweepMeasure(both, "validation", LABELS);
  const [arm, steps] = both.settings;
  const byArm = settingFigure(both, { setting: arm!, measure }, LABELS).plot;
  assert.ok(byArm?.kind === "intervals");
  assert.deepEqual(
    byArm.groups[0]!.rows.map(({ label, value, dots }) => [label, value, dots!.length]),
    [
      ["adept", 32, 3],
      ["pt", 132, 3],
    ],
  );
  const bySteps = settingFigure(both, { setting: steps!, measure }, LABELS).plot;
  assert.ok(bySteps?.kind === "lines");
  assert.deepEqual(
    bySteps.series.map(({ name, points }) => [name, points.map(({ y }) => Math.round(y))]),
    [
      ["adept", [8, 16, 32]],
      ["pt", [108, 116, 132]],
    ],
  );
  const map = settingsHeatmap(both, { across: steps!, down: steps!, measure }, LABELS);
  assert.match(map.title, /: pt$/);
  assert.deepEqual(
    map.plot!.rows.map((row, i) => Math.round(row[i]!)),
    [108, 116, 132],
  );
  const other = settingsHeatmap(both, { across: steps!, down: steps!, measure, method: "adept" }, LABELS);
  assert.equal(Math.round(other.plot!.rows[0]![0]!), 8);
});

test("a heatmap: each cell the mean of its runs as its table has it, a cell without a run empty, many numbers in bins", () => {
  const few = judgedSweep({
    ...gridSweep(),
    runs: gridSweep().runs.filter(({ id }) => !["01", "07", "13"].includes(id)),
  });
  const asked = { across: few.settings[0]!, down: few.settings[1]!, measure: validation };
  const { plot, table } = settingsHeatmap(few, asked, LABELS);
  assert.deepEqual(plot!.names, { x: ["0.0001", "0.001", "0.01"], y: ["8", "16"] });
  for (const [row, bottleneck] of SIZES.entries())
    for (const [column, each] of RATES.entries()) {
      const cell = plot!.rows[row]![column]!;
      if (row === 1 && column === 0) assert.ok(Number.isNaN(cell));
      else close(cell, (100 * [0, 1, 2].reduce((sum, seed) => sum + scoreOf(each, bottleneck, seed), 0)) / 3);
    }
  assert.deepEqual(
    table().rows.map(([, , value, runs]) => [value === undefined, runs]),
    [0, 1, 2, 3, 4, 5].map((i) => (i === 3 ? [true, 0] : [false, 3])),
  );
  const many = variedSettings(
    Array.from({ length: 40 }, (_, i) => sweepRun(String(i), { settings: { rate: 10 ** (-4 + i / 13) } })),
  )[0]!;
  const places = placesOf(many);
  assert.equal(places.length, 8);
  for (const value of many.values) assert.equal(places.filter(({ has }) => has(value)).length, 1);
  assert.ok(places[0]!.has(many.values[0]) && places[7]!.has(many.values.at(-1)));
});

test("importance: the adjusted share of variance by hand, undefined where nothing is left over; the same each time", () => {
  // Groups of 2, 2: means 1 and 3 about 2; between 4, total 4 + 0.04 within.
  const hand = 1 - ((1 - 4 / 4.04) * 3) / 2;
  close(adjustedShare([0, 0, 1, 1], [0.9, 1.1, 2.9, 3.1]), hand);
  assert.equal(adjustedShare([0, 1], [1, 2]), undefined);
  assert.equal(adjustedShare([0, 0, 1], [1, 1, 1]), undefined);
  const given = importances(sweep);
  assert.deepEqual(importances(sweep), given);
  // Six combinations are four more than two sizes, and three more than three rates.
  assert.deepEqual(
    given.map(({ setting: { key }, share }) => [key, share !== undefined]),
    [
      [size!.key, true],
      [rate!.key, false],
    ],
  );
});

test("importance is told of more combinations only, with an interval that holds the share and with what chance would give", () => {
  const runs = [0, 1].flatMap((seed) =>
    [1, 2, 3, 4].flatMap((a) =>
      [1, 2, 3].map((b) =>
        sweepRun(`${seed}${a}${b}`, {
          seed,
          settings: { a, b },
          validation: 0.1 * a + 0.001 * ((7 * a + 3 * b + 5 * seed) % 4),
        }),
      ),
    ),
  );
  const both = judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs });
  const given = importances(both);
  const [a, b] = given;
  assert.equal(a!.setting.key, "a");
  assert.ok(a!.share! > 0.99 && a!.share! > a!.chance! && a!.low! <= a!.share! && a!.share! <= a!.high!);
  assert.ok(b!.share! < b!.chance!, `${b!.share} ${b!.chance}`);
  const { plot, note, table } = importanceFigure(both, given, LABELS);
  assert.deepEqual(
    plot!.groups[0]!.rows.map(({ value }) => value),
    given.map(({ share }) => 100 * share!),
  );
  assert.deepEqual(
    table().rows.map((row) => row.at(-1)),
    ["beyond chance", "no more than chance"],
  );
  assert.match(note, /main effects alone.*Not told of fewer than 8 runs/);
  const few = judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs: runs.slice(0, 7) });
  const none = importanceFigure(few, importances(few), LABELS);
  assert.equal(none.plot, undefined);
  assert.ok(none.table().rows.every((row) => row.at(-1) === "too few runs to tell"));
});

test("importance: seeds of a combination tell no more of a setting than one run would, but share its variance", () => {
  const scores = [0.61, 0.72, 0.55, 0.66, 0.69, 0.64, 0.78, 0.7];
  const given = (noise: readonly number[]) =>
    importances(
      judgedSweep({
        measure: "accuracy",
        testMetric: "accuracy",
        runs: noise.flatMap((own, seed) =>
          scores.map((score, i) =>
            sweepRun(`${seed}${i}`, {
              seed,
              settings: { a: i >> 2, b: i % 4 },
              validation: score + (i % 2 ? own : -own),
            }),
          ),
        ),
      }),
    ).find(({ setting: { key } }) => key === "a")!;
  // By hand: group means 0.635 and 0.7025, between 0.0091125, within the groups 0.0257750, total 0.0348875.
  const one = given([0]);
  close(one.share, 0.0091125 / 0.0348875 - 0.025775 / 6 / 0.0348875);
  const same = given([0, 0, 0]);
  for (const each of ["share", "low", "high", "chance"] as const) close(same[each], one[each]!);
  // Noise that leaves the combinations' means as they are: 16 squares of 0.03 are added to the twofold total.
  close(given([0.03, -0.03]).share, (2 * (0.0091125 - 0.025775 / 6)) / (2 * 0.0348875 + 16 * 0.03 ** 2));
});

test("best so far: never worse, in the order in which runs finished, less being better of a loss", () => {
  const draw = (given: ReturnType<typeof gridSweep>) => {
    const own = judgedSweep(given);
    const { table } = bestSoFarFigure(own, undefined, LABELS);
    const order = [...own.runs].sort((x, y) => x.ended! - y.ended!);
    return { rows: table().rows, order };
  };
  for (const [measure, pick] of [
    ["accuracy", Math.max],
    ["loss", Math.min],
  ] as const) {
    const { rows, order } = draw({ ...gridSweep(), measure });
    let best: number | undefined;
    for (const [i, run] of order.entries()) {
      best = best === undefined ? run.validation : pick(best, run.validation);
      assert.deepEqual(rows[i]!.slice(0, 4), [i + 1, run.name, run.validation, best]);
    }
  }
});

test("parallel coordinates: a line for each run over its settings and validation as stored, the best drawn last", () => {
  const { plot, table } = parallelFigure(sweep, sweep.settings, LABELS);
  assert.deepEqual(
    plot!.lines.map(({ id, values }) => [id, ...values]).sort(),
    sweep.runs
      .map((run) => [run.id, ...sweep.settings.map(({ key }) => run.settings[key] as number), 100 * run.validation])
      .sort(),
  );
  const best = Math.max(...sweep.runs.map((run) => run.validation));
  assert.equal(plot!.lines.at(-1)!.values.at(-1), 100 * best);
  assert.deepEqual(
    ["best", "top", "other"].map((rank) => plot!.lines.filter((line) => line.rank === rank).length),
    [1, 1, 16],
  );
  assert.equal(table().rows[0]!.at(-2), best);
});

test("of equally good runs the same one is the best in all figures: the first that finished", () => {
  const runs = ["b", "a", "c"].map((id, i) =>
    sweepRun(id, { settings: { rate: i }, validation: 0.5, ended: [30, 10, 20][i]! }),
  );
  const own = judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs });
  const { plot, table, description } = parallelFigure(own, own.settings, LABELS);
  assert.deepEqual([plot!.lines.at(-1)!.id, table().rows[0]![0]], ["a", "run a"]);
  assert.match(description, /run a/);
  assert.match(bestSoFarFigure(own, undefined, LABELS).description, /run a/);
});

test("every figure once, with its table; two runs, or runs that differ in their seeds alone, are no sweep", () => {
  const figures = sweepFigures(sweep, LABELS);
  assert.deepEqual(
    figures.map(({ id }) => id).sort(),
    [
      "best-so-far",
      "importance",
      "parallel",
      "setting-method-bottleneck",
      "setting-training-learningRate-ffn",
      "settings-method-bottleneck-training-learningRate-ffn",
    ].sort(),
  );
  for (const { table, note, title } of figures) {
    const { columns, rows } = table();
    assert.ok(rows.length > 0 && rows.every((row) => row.length === columns.length));
    assert.doesNotMatch(`${note} ${title}`, /\{\d\}|undefined/);
  }
  const seeds = [0, 1, 2, 3].map((seed) => sweepRun(String(seed), { seed }));
  assert.equal(isSweep(judgedSweep({ measure: "accuracy", testMetric: "accuracy", runs: seeds })), false);
  assert.equal(isSweep(judgedSweep({ ...gridSweep(), runs: gridSweep().runs.slice(0, 2) })), false);
});

test("forty names on one axis: texts that would lie on each other are left out, the first stays", () => {
  const ticks = Array.from({ length: 40 }, (_, i) => ({ at: i / 39, text: String(i) }));
  const kept = apart(ticks, 0.05);
  assert.deepEqual([kept[0]!.text, kept.length], ["0", 20]);
  for (const [i, { at }] of kept.slice(1).entries()) assert.ok(at - kept[i]!.at >= 0.05);
  assert.equal(apart(ticks.slice(0, 3), 0.02).length, 3);
});

test("of axes that are close to each other a pointer means the nearest, and far from all of them none", () => {
  const places = [10, 30, 50];
  assert.deepEqual(
    [12, 21, 29, 41, 73.9, 74].map((at) => nearest(places, at, 24)),
    [0, 1, 1, 2, 2, undefined],
  );
  assert.equal(nearest([], 10, 24), undefined);
});
