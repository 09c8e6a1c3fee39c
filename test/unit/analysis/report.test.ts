import assert from "node:assert/strict";
import { test } from "node:test";
import { htmlReport } from "../../../src/analysis/report/htmlReport.ts";
import { latexReport } from "../../../src/analysis/report/latexReport.ts";
import { markdownReport } from "../../../src/analysis/report/markdownReport.ts";
import { drawSvg } from "../../../src/figure/svg/drawSvg.ts";
import { foundOrNot, overSeeds } from "../../../src/analysis/report/format.ts";
import { reportBlocks } from "../../../src/analysis/report/report.ts";
import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RetrainedCase } from "../../../src/experiment/retrained.ts";

/** A finished run with an accuracy on test. */
function run(
  id: string,
  accuracy: number,
  over: { seed: number; method?: object; task?: object; kase?: RetrainedCase; arm?: string },
): ReportedRun {
  const experiment = ResolvedExperiment.parse({
    name: id,
    task: over.task ?? { kind: "mail" },
    method: over.method ?? { kind: "adept" },
    seed: over.seed,
    ...(over.kase && { part: { sweep: "s", index: 0, of: 1, tune: [], case: over.kase } }),
    ...(over.arm && { part: { sweep: "s", index: 0, of: 1, tune: [], arm: over.arm } }),
  });
  const record = foldEvents([
    {
      type: "created",
      time: 1,
      version: 1,
      id,
      name: id,
      method: experiment.method.kind,
      task: "t",
      backbone: "b",
      seed: over.seed,
      steps: 1,
    },
    { type: "evaluation", time: 2, step: 1, split: "test", loss: 1, metrics: { accuracy }, examples: 10 },
    { type: "status", time: 3, status: "finished" },
  ]);
  return { id, experiment, record, analyses: {}, losses: [] };
}
const markdown = (runs: ReportedRun[]): string => markdownReport(reportBlocks(runs), "report.figures");

test("retrained ablations are compared with A0 by seed; the explained share is given only where the gain is found", () => {
  const seeds = [0, 1, 2];
  const of = (kase: RetrainedCase, method: object, values: number[]): ReportedRun[] =>
    seeds.map((seed) => run(`${kase}-${seed}`, values[seed]!, { seed, kase, method }));
  const a0 = of("A0", { kind: "adept" }, [0.9, 0.91, 0.92]);
  const a1 = of("A1", { kind: "pt" }, [0.8, 0.812, 0.818]);
  const a3 = of("A3", { kind: "adept", variant: "constant" }, [0.85, 0.86, 0.871]);
  const text = markdown([...a0, ...a1, ...a3]);
  assert.match(text, /A1: prompt only .*−10\.0 \[−10\.5, −9\.5\]/);
  assert.match(text, /Specificity explains 50 % of ADePT's gain/);
  assert.match(text, /A0: ADePT \|.*91\.0 % \[88\.5 %, 93\.5 %\]/);
  const noisy = markdown([...a0, ...of("A1", { kind: "pt" }, [0.95, 0.7, 0.93]), ...a3]);
  assert.match(noisy, /A1: prompt only .*no difference found: −5\.0 \(±\d+\.\d could have been\)/);
  assert.match(noisy, /No share of a gain is computed/);
  // Post-hoc and retrained are never in one table: without analyses there is no post-hoc one.
  assert.doesNotMatch(text, /Post-hoc/);
});

test("few-shot: a curve per method over k, remedies paired by seed; draws of other seeds are the same curve", () => {
  const make = (k: number, seed: number, accuracy: number, method: object = { kind: "adept" }): ReportedRun =>
    run(`${k}-${seed}-${JSON.stringify(method)}`, accuracy, {
      seed,
      method,
      task: { kind: "mail", shots: { k, seed } },
    });
  const penalty = { kind: "adept", offsetPenalty: 0.1 };
  const runs = [4, 8].flatMap((k) =>
    [0, 1, 2].flatMap((seed) => [
      make(k, seed, 0.5 + k / 100 + seed / 100),
      make(k, seed, 0.6 + k / 100 + seed / 100, penalty),
    ]),
  );
  const blocks = reportBlocks(runs);
  const text = markdownReport(blocks, "report.figures");
  assert.match(text, /\| k \| adept \| adept offsetPenalty=0\.1 \|/);
  assert.match(text, /\| 4 \| 55\.0 % \[52\.5 %, 57\.5 %\] \| 65\.0 % \[62\.5 %, 67\.5 %\] \|/);
  assert.match(text, /\| adept offsetPenalty=0\.1 \| 8 \| 10\.0 \(every time\) \| 3 \|/);
  const curves = blocks
    .flatMap((block) => (block.kind === "figure" ? [block.spec] : []))
    .find(({ id }) => id === "few-shot");
  assert.ok(curves?.plot?.kind === "lines");
  assert.deepEqual(
    curves.plot.series.map(({ points }) => points.map(({ x }) => x)),
    [
      [4, 8],
      [4, 8],
    ],
  );
});

test("few-shot: curves have the names of the sweep's arms, and plain ADePT is compared with, wherever it stands", () => {
  const arms = [
    { arm: "Penalty", method: { kind: "adept", offsetPenalty: 0.1 } },
    { arm: "ADePT", method: { kind: "adept" } },
    { arm: "Prompt alone", method: { kind: "pt" } },
  ];
  const runs = arms.flatMap(({ arm, method }, i) =>
    [4, 8].map((k) => run(`${arm}-${k}`, 0.5 + i / 10, { seed: 0, method, arm, task: { kind: "mail", shots: { k } } })),
  );
  const text = markdown(runs);
  assert.match(text, /\| k \| Penalty \| ADePT \| Prompt alone \|/);
  assert.match(text, /\| 4 \| 50\.0 % \(one seed\) \| 60\.0 % \(one seed\) \|/);
  assert.match(text, /Against ADePT, points/);
});

test("a row tells the loss on test beside the metric", () => {
  const runs = [0, 1].map((seed) => run(`a${seed}`, 0.9, { seed }));
  runs[1]!.record.evaluations[0]!.loss = 1.5;
  assert.match(markdown(runs), /\| 90\.0 % \(every seed\) \| 1\.250 \[−1\.927, 4\.427\] \| 2 \|/);
});

test("settings tell the end of a path alone: what is above is of one machine", () => {
  const task = {
    kind: "file",
    source: "/ask/this/{text}",
    target: "{label}",
    split: { validation: 0.1, test: 0.3, seed: 1 },
  };
  for (const train of ["/home/ada/texts/sst2/train.jsonl", "C:\\Users\\ada\\texts\\sst2\\train.jsonl"]) {
    const runs = [0, 1].map((seed) => run(`p${seed}`, 0.9, { seed, task: { ...task, train } }));
    for (const given of [runs, runs.slice(1)]) {
      const text = markdown(given);
      assert.match(text, /…\/sst2\/train\.jsonl/);
      assert.match(text, /"\/ask\/this\/\{text\}"/, "a template that begins like a path is none");
      assert.doesNotMatch(text, /ada/);
    }
  }
});

test("tasks are never compared with each other; no name of a run breaks a format", () => {
  const runs = [
    run("a", 0.9, { seed: 0 }),
    run("b & <i>|x_1%", 0.2, { seed: 0, task: { kind: "text", folder: "/data/books", label: "^(a|b)" } }),
  ];
  const text = markdown(runs);
  const html = htmlReport(reportBlocks(runs), "x", drawSvg);
  const latex = latexReport(reportBlocks(runs), "report.figures");
  assert.equal(text.match(/## Task: /g)!.length, 2);
  assert.doesNotMatch(text, /do not compare/);
  assert.doesNotMatch(html, /<i>/);
  assert.match(text, /label \^\(a\|b\)|label \^\(a\\\|b\)/);
  assert.doesNotMatch(latex, /(?<!\\)[%_&](?!\s|&)(?=[a-z1])/);
});

test("the text says where all values agree, and names no detectable size then", () => {
  assert.equal(foundOrNot(0, [0, 0]), "0 exactly");
  assert.equal(foundOrNot(-0.25, [-0.25, -0.25]), "−25.0 (every time)");
  assert.equal(foundOrNot(0.01, [-0.02, 0.04]), "no difference found: 1.0 (±3.0 could have been)");
  assert.equal(overSeeds({ mean: 2, n: 3, median: 2, min: 2, max: 2, interval: [2, 2] }, String), "2 (every seed)");
});

test("latency: a fold is compared with its rivals in words and in a table; an older result has only times", () => {
  const time = { n: 6, median: 1, low: 0.99, high: 1.01 };
  const latency = {
    rounds: 6,
    tokens: 4,
    device: "d",
    rows: [
      {
        form: "adept",
        parameters: 1,
        promptLength: 2,
        length: 8,
        batchSize: 1,
        endToEnd: time,
        inputLayer: time,
        ratio: time,
      },
    ],
  };
  const before = markdown([{ ...run("a", 0.9, { seed: 0 }), analyses: { latency } }]);
  assert.match(before, /### Latency/);
  assert.doesNotMatch(before, /same tokens/);
  const fold = {
    form: "adept folded",
    against: [
      {
        against: "pt, same prompt",
        ratio: time,
        cells: [{ length: 8, batchSize: 1, ratio: { ...time, median: 1.005 } }],
      },
    ],
    predictions: { equal: 9, total: 10 },
  };
  const now = markdown([{ ...run("a", 0.9, { seed: 0 }), analyses: { latency: { ...latency, fold } } }]);
  assert.match(
    now,
    /on 9 of 10 test texts\. Its time over that of pt, same prompt: 1\.000 \[0\.990, 1\.010\] \(n = 6\)\./,
  );
  assert.match(now, /\| pt, same prompt \| 8 \| 1 \| 1\.005 \[0\.990, 1\.010\] \|/);
});

test("many runs: one of each row has a section of its own, that with the least seed; all are in the tables, and the report says where the others are", () => {
  const runs = ["pt", "adept", "lora"].flatMap((kind) =>
    [6, 5, 4, 3, 2, 1, 0].map((seed) => run(`${kind}-${seed}`, 0.5 + seed / 100, { seed, method: { kind } })),
  );
  const sectionsIn = (text: string): string[] => [...text.matchAll(/^## \S+ \((\S+)\)$/gm)].map(([, id]) => id!).sort();
  const [byDefault, all, none] = [undefined, "all", "none"].map((sections) =>
    markdownReport(reportBlocks(runs, sections as "all" | "none" | undefined), "report.figures"),
  ) as [string, string, string];
  assert.deepEqual(sectionsIn(byDefault), ["adept-0", "lora-0", "pt-0"]);
  assert.equal(sectionsIn(all).length, 21);
  assert.deepEqual(sectionsIn(none), []);
  assert.deepEqual(sectionsIn(markdown(runs.slice(1))).length, 20, "so many have all");
  assert.match(byDefault, /3 of 21 runs, of each row the one with the least seed/);
  assert.match(none, /Sections of their own: no run/);
  assert.doesNotMatch(all, /Sections of their own/);
  for (const text of [byDefault, all, none]) assert.match(text, /\| adept\b.*\| 7 \|/, "all seven seeds are judged");
});
