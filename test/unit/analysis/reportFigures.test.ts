import assert from "node:assert/strict";
import { test } from "node:test";
import type { FigureBlock } from "../../../src/analysis/report/blocks.ts";
import { figureFiles } from "../../../src/analysis/report/figureFiles.ts";
import { htmlReport } from "../../../src/analysis/report/htmlReport.ts";
import { markdownReport } from "../../../src/analysis/report/markdownReport.ts";
import { reportBlocks } from "../../../src/analysis/report/report.ts";
import { flatten } from "../../../src/base/keyPath.ts";
import type { Plot } from "../../../src/figure/figureSpec.ts";
import { drawSvg } from "../../../src/figure/svg/drawSvg.ts";
import { analysesOf, severalRuns } from "./reportedRuns.ts";
import { testLatex } from "./testLatex.ts";

const blocks = reportBlocks(severalRuns());
const figures = blocks.filter((block): block is FigureBlock => block.kind === "figure");
const files = figureFiles(blocks, drawSvg);
const FOLDER = "report.figures";
const stored = analysesOf(1);
const figure = (name: string): FigureBlock => figures.find((each) => each.name === name)!;
const plotOf = <K extends Plot["kind"]>(name: string, kind: K): Extract<Plot, { kind: K }> => {
  const { plot } = figure(name).spec;
  assert.ok(plot?.kind === kind, name);
  return plot as Extract<Plot, { kind: K }>;
};
/** Every number that a plot draws. */
function numbersOf(plot: Plot): (number | undefined)[] {
  switch (plot.kind) {
    case "lines":
      return plot.series.flatMap(({ points }) => points.flatMap(({ x, y, low, high }) => [x, y, low, high]));
    case "intervals":
      return plot.groups.flatMap(({ rows }) => rows.flatMap(({ value, low, high }) => [value, low, high]));
    case "bars":
      return plot.series.flatMap(({ values }) => values);
    case "heatmap":
      return plot.rows.flat();
    case "parallel":
      return plot.lines.flatMap(({ values }) => values.filter((value) => typeof value === "number"));
  }
}

test("a report has every figure of the page, each with its table, note, runs and commit", () => {
  const ids = [...new Set(figures.map(({ spec }) => spec.id))].sort();
  assert.deepEqual(
    ids,
    [
      ...["ablation", "cost", "curves", "heatmap", "histogram", "latency-1", "latency-8", "neighbours"],
      ...["properties", "seeds", "shift", "specificity", "table2", "units", "unseen", "validation-curves"],
    ].sort(),
  );
  assert.equal(new Set(figures.map(({ name }) => name)).size, figures.length);
  for (const { name, spec, source } of figures) {
    const { columns, rows } = spec.table();
    assert.ok(rows.length > 0 && rows.every((row) => row.length === columns.length), name);
    assert.match(source, /^Runs? .* @ 0123456/, name);
    assert.doesNotMatch(`${spec.note} ${spec.title}`, /\{\d\}|  |n = \D/, name);
    assert.ok(files.has(`${name}.csv`), name);
    assert.equal(files.has(`${name}.svg`) && files.has(`${name}.tex`), spec.plot !== undefined, name);
  }
});

test("figures draw the stored values: ablation, specificity, shift beside the control, times, norms", () => {
  const run = "20261201-0a-adept";
  assert.match(figure(`${run}-ablation`).spec.note, /n = 605 test examples/);
  const [ablation] = plotOf(`${run}-ablation`, "intervals").groups;
  for (const [i, { label, versus }] of stored.ablation.cases.entries()) {
    const row = ablation!.rows[i]!;
    assert.equal(row.label, label);
    assert.deepEqual(
      [row.value, row.low, row.high],
      [versus.right.difference, ...versus.right.interval].map((share) => 100 * share),
    );
  }
  const drawn = plotOf(`${run}-specificity`, "intervals").groups[0]!.rows.at(-1)!;
  assert.deepEqual([drawn.value, drawn.dots], [100 * -0.0415, [100 * -0.031, 100 * -0.052]]);
  const { series } = plotOf(`${run}-shift`, "lines");
  assert.deepEqual(
    series.map(({ name }) => name),
    ["T1", "T2", "T3", "T4", "T1 · pt", "T2 · pt", "T3 · pt", "T4 · pt"],
  );
  for (const [from, result] of [stored, analysesOf(2)].entries())
    assert.deepEqual(
      series.slice(4 * from, 4 * from + 4).flatMap(({ points }) => points.map(({ y }) => y)),
      result["position-shift"].cases.map(({ versus }) => 100 * versus.right.difference),
    );
  const eight = stored.latency.rows.filter(({ batchSize }) => batchSize === 8);
  assert.deepEqual(
    plotOf(`${run}-latency-8`, "lines").series.flatMap(({ points }) =>
      points.map(({ low, y, high }) => [low, y, high]),
    ),
    eight.map(({ endToEnd: { low, median, high } }) => [low, median, high]),
  );
  assert.deepEqual(
    plotOf(`${run}-heatmap`, "heatmap").rows,
    stored.offsets.examples.map(({ norm }) => norm),
  );
  const bars = plotOf(`${run}-histogram`, "bars");
  assert.deepEqual(
    bars.series.map(({ values }) => values.reduce((a, b) => a + b, 0)),
    [900, 300],
  );
});

test("seeds are one curve: their mean in the band from the least to the largest, at steps that all have", () => {
  const runs = severalRuns().filter(({ experiment }) => experiment.method.kind === "adept");
  const { series } = plotOf("task1-curves", "lines");
  assert.deepEqual(
    series.map(({ look }) => look),
    ["band", "band"],
  );
  const at = series[0]!.points.find(({ x }) => x === 7)!;
  const values = runs.map(({ losses }) => losses[6]![1]);
  assert.ok(Math.abs(at.y - values.reduce((a, b) => a + b, 0) / 3) < 1e-12);
  assert.deepEqual([at.low, at.high], [Math.min(...values), Math.max(...values)]);
});

test("what a plot draws is in its table, in its own unit or in that of the plot", () => {
  for (const { name, spec } of figures) {
    if (spec.plot === undefined || spec.plot.kind === "heatmap") continue;
    const cells = new Set(
      spec
        .table()
        .rows.flat()
        .flatMap((value) => (typeof value === "number" ? [value, 100 * value] : []))
        .map((value) => value.toPrecision(9)),
    );
    const means = spec.id === "specificity";
    const missing = numbersOf(spec.plot).filter((value) => value !== undefined && !cells.has(value.toPrecision(9)));
    // The mean over the draws of a permutation and its interval are of the drawn cases, which the table has singly.
    assert.equal(missing.length, means ? 3 : 0, `${name}: ${missing.join(", ")}`);
  }
});

test("pictures are vectors with their marks, and the same for the same runs", () => {
  for (const [name, text] of files) {
    if (!name.endsWith(".svg")) continue;
    assert.doesNotMatch(text, /NaN|undefined|Infinity|<image|<script|href|<style/, name);
    const open: string[] = [];
    for (const [, close, tag, empty] of text.matchAll(/<(\/?)([a-z]\w*)(?:\s[^<>]*?)?(\/?)>/gi)) {
      if (close !== "") assert.equal(open.pop(), tag, name);
      else if (empty === "") open.push(tag!);
    }
    assert.deepEqual(open, [], name);
  }
  assert.deepEqual(figureFiles(blocks, drawSvg), files);
  const cells = files.get("20261201-0a-adept-heatmap.svg")!.match(/<(rect|path)[^>]+fill="#[0-9a-f]{6}"/g)!;
  assert.ok(cells.length >= stored.offsets.examples.flatMap(({ norm }) => norm).length);
});

test("the page stands alone: no script, no network, colours of light and dark screens and of paper, ids once", () => {
  const html = htmlReport(blocks, "x", drawSvg);
  assert.doesNotMatch(html, /<script|<link|<img|@import|url\((?!#)|src=|https?:(?!\/\/www\.w3\.org\/)/);
  assert.match(html, /@media screen and \(prefers-color-scheme:dark\)/);
  assert.match(html, /@media print/);
  for (const colour of ["blue", "orange", "text", "grid"]) assert.match(html, new RegExp(`"var\\(--${colour}\\)"`));
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(
    html.match(/<svg role="img" aria-label="[^"]+"/g)!.length,
    figures.filter(({ spec }) => spec.plot).length,
  );
});

test("a table wider than a sheet scrolls on screens, and on paper its columns go on below, each number on one line", () => {
  const header = ["Form", ...Array.from({ length: 30 }, (_, i) => `column${i}`)];
  const wide = htmlReport(
    [{ kind: "table", caption: "Wide", header, rows: [header.map(() => "0.001234")] }],
    "x",
    drawSvg,
  );
  const [screen, paper] = wide.slice(wide.indexOf('class="wide screen"')).split('class="paper"') as [string, string];
  assert.equal(screen.match(/<table>/g)!.length, 1);
  assert.ok(paper.match(/<table>/g)!.length > 1);
  for (const name of header) assert.ok(paper.includes(`>${name}<`), name);
  assert.match(wide, /@media print\{.*\.screen\{display:none\}.paper\{display:block\}/s);
  assert.doesNotMatch(wide, /overflow-wrap:anywhere/);
});

test("settings that all runs share stand once, and each run has its own", () => {
  const runs = severalRuns();
  const tables = blocks
    .filter((block) => block.kind === "table")
    .filter(({ caption }) => caption.startsWith("Settings"));
  assert.equal(tables.length, runs.length + 1);
  const shared = tables.at(-1)!;
  assert.equal(shared.caption, `Settings of all ${runs.length} runs`);
  const common = new Map(shared.rows.map(([key, value]) => [key, value]));
  for (const [i, { experiment }] of runs.entries()) {
    const own = new Map(tables[i]!.rows.map(([key, value]) => [key, value]));
    const all = [...flatten(experiment)].map(([key, value]) => [key, JSON.stringify(value)] as const);
    for (const [key, value] of all) assert.equal(own.get(key) ?? common.get(key), value, key);
    assert.equal(own.size + common.size, all.length);
  }
  assert.ok(tables[0]!.rows.some(([key]) => key === "method.kind"));
});

test("the first page says in ten lines at most what was found and what was not", () => {
  const text = markdownReport(blocks, FOLDER);
  const first = text.slice(0, text.indexOf("## Task: "));
  const items = first.match(/^- .*/gm)!;
  assert.ok(items.length > 4 && items.length <= 10, String(items.length));
  assert.match(first, /## What was found/);
  assert.match(first, /test accuracy over 3 seeds: adept 96\.0 % \[/);
  assert.match(first, /FFN off −12\.0 \[−14\.1, −9\.9\]/);
  assert.match(first, /## What was not found/);
  assert.match(first, /no difference found for positions off/);
});

testLatex("the LaTeX report compiles with pdflatex, tokens of any script included", blocks, files);
