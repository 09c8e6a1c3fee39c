import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import type { FigureBlock } from "../../../src/analysis/report/blocks.ts";
import { figureFiles } from "../../../src/analysis/report/figureFiles.ts";
import { htmlReport } from "../../../src/analysis/report/htmlReport.ts";
import { reportBlocks } from "../../../src/analysis/report/report.ts";
import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { drawSvg } from "../../../src/figure/svg/drawSvg.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { scoreOf } from "../figure/sweepRuns.ts";
import { testLatex } from "./testLatex.ts";

const RATES = [0.0001, 0.001, 0.01, 0.1];
const BATCHES = [8, 16, 32];
const WAYS = ["torch", "official"] as const;

/** A run that is validated at two steps, of which the first is the better. */
function run(
  index: number,
  seed: number,
  [rate, batchSize, optimizer]: [number, number, (typeof WAYS)[number]],
): ReportedRun {
  const id = `20261202-${String(index).padStart(6, "0")}-aaaa`;
  const experiment = ResolvedExperiment.parse({
    name: `Sweep (${index})`,
    seed,
    task: { kind: "mail" },
    method: { kind: "adept" },
    training: { learningRate: { ffn: rate }, batchSize, optimizer },
    part: { sweep: "s", index, of: 48, tune: ["training.learningRate.ffn"] },
  });
  const value = scoreOf(rate, batchSize, seed) - (optimizer === "official" ? 0.003 : 0);
  const evaluation = (step: number, split: "validation" | "test", accuracy: number) =>
    ({ type: "evaluation", time: step, step, split, loss: 1 - accuracy, metrics: { accuracy }, examples: 60 }) as const;
  const record = foldEvents([
    {
      type: "created",
      time: 1,
      version: 1,
      id,
      name: experiment.name,
      method: "adept",
      task: "mail",
      backbone: "tiny-t5",
      seed,
      steps: 20,
      sweep: "s",
    },
    evaluation(10, "validation", value),
    { type: "checkpoint", time: 11, step: 10, best: true },
    evaluation(20, "validation", value - 0.1),
    evaluation(20, "test", 1 - value),
    { type: "status", time: 30, status: "finished" },
  ]);
  return { id, experiment, record, analyses: {}, losses: [[1, 1]], ended: 5000 - index };
}

const runs = [0, 1]
  .flatMap((seed) =>
    RATES.flatMap((rate) =>
      BATCHES.flatMap((size) =>
        WAYS.map((way) => ({ seed, of: [rate, size, way] as [number, number, (typeof WAYS)[number]] })),
      ),
    ),
  )
  .map(({ seed, of }, i) => run(i, seed, of));
const blocks = reportBlocks(runs);
const figures = blocks.filter((block): block is FigureBlock => block.kind === "figure");
const files = figureFiles(blocks, drawSvg);

test("the report of a sweep has its figures, as HTML, SVG, TeX and CSV, of the validation measure at the chosen checkpoint", () => {
  const ids = figures.map(({ spec }) => spec.id);
  for (const id of [
    "parallel",
    "importance",
    "setting-training-learningRate-ffn",
    "setting-training-batchSize",
    "setting-training-optimizer",
    "settings-training-learningRate-ffn-training-batchSize",
    "best-so-far",
  ])
    assert.ok(ids.includes(id), `${id} is not in ${ids.join(", ")}`);
  const html = htmlReport(blocks, "x", drawSvg);
  for (const { name, spec } of figures.filter(({ spec: { id } }) => /parallel|importance|^setting|best-so/.test(id))) {
    assert.ok(html.includes(`<figure id="${name}">`), name);
    assert.ok(files.has(`${name}.svg`) && files.has(`${name}.tex`) && files.has(`${name}.csv`), name);
    assert.doesNotMatch(files.get(`${name}.svg`)! + files.get(`${name}.tex`)!, /NaN|undefined|Infinity/, name);
    assert.match(spec.note, /judged by validation.*the test split chooses nothing/, name);
  }
  const told = parse<Record<string, string>>(files.get("task1-parallel.csv")!, { columns: true });
  const byName = new Map(runs.map((each) => [each.experiment.name, each]));
  assert.equal(told.length, runs.length);
  for (const row of told) {
    const { experiment, record } = byName.get(row["Run"]!)!;
    assert.equal(Number(row["Validation accuracy"]), record.evaluations[0]!.metrics["accuracy"]);
    assert.equal(Number(row["Test accuracy"]), record.evaluations[2]!.metrics["accuracy"]);
    assert.equal(Number(row["training.learningRate.ffn"]), experiment.training.learningRate["ffn"]);
    assert.equal(row["training.optimizer"], experiment.training.optimizer);
  }
  const importance = figures.find(({ spec: { id } }) => id === "importance")!.spec.table().rows;
  assert.equal(importance[0]![0], "training.learningRate.ffn");
});

test("pictures of parallel coordinates and of best so far have a line for each run, and the order of finishing", () => {
  const svg = files.get("task1-parallel.svg")!;
  const lines = svg.match(/<(polyline|path)[^>]*fill="none"/g)!;
  assert.ok(lines.length >= runs.length, String(lines.length));
  assert.equal(files.get("task1-parallel.tex")!.match(/\\addplot/g)!.length, runs.length);
  const order = figures.find(({ spec: { id } }) => id === "best-so-far")!.spec.table().rows;
  assert.equal(order[0]![1], runs.at(-1)!.experiment.name);
});

testLatex("the LaTeX report of a sweep compiles with pdflatex", blocks, files);
