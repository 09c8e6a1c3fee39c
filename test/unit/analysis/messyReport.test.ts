import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block, FigureBlock } from "../../../src/analysis/report/blocks.ts";
import { figureFiles } from "../../../src/analysis/report/figureFiles.ts";
import { htmlReport } from "../../../src/analysis/report/htmlReport.ts";
import { markdownReport } from "../../../src/analysis/report/markdownReport.ts";
import { reportBlocks } from "../../../src/analysis/report/report.ts";
import type { Plot } from "../../../src/figure/figureSpec.ts";
import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { drawSvg } from "../../../src/figure/svg/drawSvg.ts";
import { changed, severalSeeds, type Change } from "./messyRuns.ts";
import { testLatex } from "./testLatex.ts";

const FOLDER = "report.figures";
const markdown = (runs: readonly ReportedRun[]): string => markdownReport(reportBlocks(runs), FOLDER);
const page = (runs: readonly ReportedRun[]): string => /## What was[\s\S]*?(?=## Task)/.exec(markdown(runs))![0];
const figureOf = (blocks: readonly Block[], id: string): FigureBlock => {
  const found = blocks.find((block): block is FigureBlock => block.kind === "figure" && block.spec.id === id);
  assert.ok(found, id);
  return found;
};
const byLoss: Change = ({ record }) => {
  for (const each of record.evaluations) Object.assign(each, { metrics: {}, loss: 1 + record.seed / 10 });
};
const byPearson: Change = ({ record }) => {
  for (const each of record.evaluations) each.metrics = { pearson: each.metrics["accuracy"]! };
};
const shots =
  (k: number, draw?: number): Change =>
  ({ experiment }) => {
    experiment.task = {
      ...experiment.task,
      shots: { k, sampling: "balanced", seed: draw ?? experiment.seed },
    } as never;
  };

test("a loss is no percentage, in no table, figure or file", () => {
  const runs = [...severalSeeds("adept", [1, 1, 1], byLoss), ...severalSeeds("pt", [1, 1], byLoss, { trainable: 99 })];
  const blocks = reportBlocks(runs);
  assert.doesNotMatch(markdownReport(blocks, FOLDER), /\|[^|\n]*\d %|\(%\)/);
  const { plot } = figureOf(blocks, "seeds").spec;
  assert.ok(plot?.kind === "intervals");
  assert.equal(plot.x, "loss (nats)");
  assert.deepEqual(
    plot.groups[0]!.rows.map(({ value }) => Number(value.toFixed(9))),
    [1.1, 1.05],
  );
  const one = [
    ...severalSeeds("adept", [1, 1], byLoss),
    ...severalSeeds("pt", [1, 1], byLoss, ({ record }) => (record.evaluations.at(-1)!.loss += 0.5)),
  ];
  assert.match(page(one), /hold: Less loss than pt at one budget \(nats: 0\.500 \[0\.500, 0\.500\]\)/);
});

test("few shots that are judged by a loss or a correlation have its values, and differences in its own unit", () => {
  const both = [4, 16].flatMap((k) => [
    ...severalSeeds("adept", [0.8, 0.85, 0.8], shots(k), byPearson),
    ...severalSeeds("pt", [0.7, 0.65, 0.6], shots(k), byPearson),
  ]);
  assert.match(markdown(both), /\| 4 \| 0\.817 \[0\.745, 0\.888\] \| 0\.650 \[0\.526, 0\.774\] \|/);
  assert.match(markdown(both), /\| pt \| 4 \| −0\.167 \[−0\.310, −0\.023\] \| 3 \|/);
  const losses = [4, 16].flatMap((k) => severalSeeds("adept", [1, 1, 1], shots(k), byLoss));
  assert.match(markdown(losses), /\| 4 \| 1\.100 \[0\.852, 1\.348\] \|/);
  const untested = [4, 16].flatMap((k) => severalSeeds("adept", [1], shots(k), withoutTest));
  assert.doesNotMatch(markdown(untested), /### Few-shot/);
});

const withoutTest: Change = ({ record }) => {
  record.evaluations = record.evaluations.filter(({ split }) => split !== "test");
};
const batch =
  (size: number): Change =>
  ({ experiment }) => {
    experiment.training.batchSize = size;
  };

test("few shots: other settings at one k are curves of their own, a repeated seed counts once, and the file has numbers", () => {
  const runs = [4, 16].flatMap((k) => [
    ...severalSeeds("adept", [0.5, 0.6], shots(k), batch(8)),
    ...severalSeeds("adept", [0.9], shots(k), batch(16)),
    ...severalSeeds("pt", [0.3, 0.4], shots(k), batch(8)),
    ...severalSeeds("pt", [0.35], shots(k), batch(8)),
  ]);
  const blocks = reportBlocks(runs);
  assert.match(
    markdownReport(blocks, FOLDER),
    /\| k \| adept batchSize=8 \| adept batchSize=16 \| pt \|\n.*\n\| 4 \| 55\.0 % \[−8\.5 %, 118\.5 %\] \| 90\.0 % \(one seed\) \| 37\.5 % \[5\.7 %, 69\.3 %\]/,
  );
  const block = figureOf(blocks, "few-shot");
  const { plot } = block.spec;
  assert.ok(plot?.kind === "lines");
  const [header, first] = figureFiles([block], drawSvg)
    .get(`${block.name}.csv`)!
    .split("\r\n")
    .map((line) => line.split(","));
  const cell = (name: string): number => Number(first![header!.indexOf(name)]);
  const [point] = plot.series[0]!.points;
  assert.deepEqual(
    [cell("k"), cell("adept batchSize=8"), cell("adept batchSize=8: low"), cell("adept batchSize=8: seeds")],
    [4, point!.y / 100, point!.low! / 100, 2],
  );
});

test("few shots: what is set for each k is one curve, as far as no k has two settings", () => {
  const runs = [4, 16].flatMap((k) => severalSeeds("adept", [0.5, 0.6], shots(k), batch(k)));
  assert.match(markdown(runs), /\| k \| adept \|\n/);
});

test("runs are paired by their draw of few shots, too", () => {
  const at = (method: string, values: readonly number[]): ReportedRun[] =>
    values.map((value, draw) => changed(severalSeeds(method, [value])[0]!, shots(4, draw)));
  const text = markdown([...at("adept", [0.9, 0.5, 0.7]), ...at("pt", [0.8, 0.4, 0.6])]);
  assert.match(text, /\| Better than pt at one budget \| 10\.0 \[10\.0, 10\.0\] \| holds \|.*\| 3 seeds \|/);
});

test("finished runs without a result on test are told, also where another metric judges", () => {
  const other: Change = ({ record }) => {
    for (const each of record.evaluations) each.metrics = { em: 0.4 };
  };
  const runs = [...severalSeeds("adept", [0.5, 0.6]), ...severalSeeds("pt", [0.5, 0.6], other)];
  assert.match(page(runs), /- 2 of 4 finished runs without a result on the test split\./);
  // Exact match and accuracy are no pair.
  assert.doesNotMatch(markdown(runs), /Better than pt/);
  assert.match(page(severalSeeds("adept", [0.5], withoutTest)), /- 1 of 1 finished run without a result/);
  assert.doesNotMatch(page(severalSeeds("adept", [0.5])), /without a result/);
});

test("no heading of the first page stands without a line, and ten lines are the most", () => {
  const runs = Array.from({ length: 12 }, (_, i) =>
    severalSeeds("pt", [0.5, 0.6], { scale: 1 }, ({ experiment }) => {
      experiment.backbone = `backbone-${i}`;
    }),
  ).flat();
  const text = page(runs);
  assert.match(text, /## What was not found \(1 of \d+; the others are in their sections\)\n\n- /);
  assert.equal(text.match(/^- /gm)!.length, 10);
});

test("untrained results are those of the test, in the metric of the task, and of as many runs as have one", () => {
  const untrained: Change = ({ record }) => {
    const one = { ...record.evaluations.at(-1)!, label: "untrained" };
    record.evaluations.unshift(
      { ...one, split: "validation", metrics: { accuracy: 0.9 } },
      { ...one, metrics: { em: 0.7, accuracy: 0.2 } },
    );
  };
  const [first, second] = severalSeeds("adept", [0.5, 0.6]);
  assert.match(markdown([changed(first!, untrained), second!]), /Untrained, 1 run tests at 20\.0 % on average\./);
});

test("of each row the section is that of the run with most analyses", () => {
  const runs = severalSeeds(
    "adept",
    Array.from({ length: 22 }, (_, i) => 0.5 + i / 100),
  );
  const [analysed] = severalSeeds("adept", [0.5], { scale: 1 });
  runs[7]!.analyses = analysed!.analyses;
  const text = markdown(runs);
  assert.ok(text.includes(`(${runs[7]!.id})`) && !text.includes(`(${runs[0]!.id})`));
  assert.match(text, /1 of 22 runs, of each row the one with most analyses/);
});

test("shifts by places that one group alone has are in the table", () => {
  const without: Change = ({ analyses }) => {
    const shift = analyses["position-shift"]!;
    shift.cases = shift.cases.filter(({ k }) => k !== 8);
  };
  const text = markdown([
    ...severalSeeds("adept", [0.5, 0.6], { scale: 1 }, without),
    ...severalSeeds("dept", [0.5, 0.6], { scale: 1 }),
  ]);
  assert.match(text, /\| dept \| T1, k = 8 \|/);
});

const ODD = [
  ...["[0.3] first", "*star*", "a<b>|c & d % e_f \\ g #h ~ ^ {z} $y$", "\\", "a\\|b", "🎉 emoji", "العربية"],
  ...["x".repeat(100), "- item", "line\nbreak", "`tick`", "long words with [0.3] in them, more than a column has [b]"],
];
const oddRuns = ODD.flatMap((arm, i) =>
  severalSeeds("adept", [0.5, 0.6], batch(i + 2), ({ experiment, record }) => {
    experiment.part = { sweep: "s", index: 0, of: 1, tune: [], arm };
    experiment.name = record.name = arm;
  }),
);
const oddBlocks = reportBlocks(oddRuns, "none");

test("no sign of an arm's name ends a cell, makes a tag or a heading", () => {
  const text = markdownReport(oddBlocks, FOLDER);
  const rows = text
    .slice(text.indexOf("*Test accuracy, mean"))
    .split("\n")
    .slice(2, 4 + ODD.length);
  // In a table of GitHub a backslash makes the next sign of punctuation a letter.
  const cells = rows.map((row) => row.replace(/\\[!-/:-@[-`{-~]/g, "").split("|").length);
  assert.deepEqual([...new Set(cells)], [cells[0]]);
  assert.equal(rows.length, ODD.length + 2);
  assert.doesNotMatch(text, /(?<!\\)<b>/);
  assert.doesNotMatch(htmlReport(oddBlocks, "x", drawSvg), /<b>/);
});

/** What is drawn along the axis of values: middles, ends of intervals, dots. */
function drawnOf(plot: Plot): number[] {
  const ends = ({ low, high }: { low?: number | undefined; high?: number | undefined }): number[] =>
    [low, high].filter((end) => end !== undefined);
  if (plot.kind === "lines")
    return plot.series.flatMap(({ points }) => points.flatMap((each) => [each.y, ...ends(each)]));
  if (plot.kind === "intervals")
    return plot.groups.flatMap(({ rows }) => rows.flatMap((row) => [row.value, ...ends(row), ...(row.dots ?? [])]));
  return plot.kind === "bars" ? plot.series.flatMap(({ values }) => values) : [];
}

test("every number that a figure draws stands in its file", () => {
  const blocks = reportBlocks([
    ...severalSeeds("adept", [0.5, 0.6, 0.72], { scale: 1 }),
    ...severalSeeds("dept", [0.53, 0.61], { scale: 2, trainable: 13_000 }),
    ...[4, 16].flatMap((k) => severalSeeds("pt", [0.51, 0.62], shots(k))),
  ]);
  const files = figureFiles(blocks, drawSvg);
  for (const block of blocks) {
    if (block.kind !== "figure" || block.spec.plot === undefined) continue;
    const numbers = files.get(`${block.name}.csv`)!.split(/[,\r\n]+/);
    const known = new Set(numbers.flatMap((text) => [1, 100].map((factor) => (factor * Number(text)).toPrecision(8))));
    const lost = drawnOf(block.spec.plot).filter((value) => !known.has(value.toPrecision(8)));
    assert.deepEqual(lost, [], block.name);
  }
});

const oneBudget = reportBlocks(
  [
    ...severalSeeds("adept", [0.5, 0.6], { trainable: 57_063 }),
    ...severalSeeds("pt", [0.5, 0.6], { trainable: 57_600 }),
  ],
  "none",
);
assert.ok(figureOf(oneBudget, "cost"));
testLatex("parameters of nearly one budget are drawn", oneBudget, figureFiles(oneBudget, drawSvg));
testLatex("a report with odd names of arms compiles", oddBlocks, figureFiles(oddBlocks, drawSvg));
