import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { analyseLatency, turns } from "../../../src/analysis/latency/latency.ts";
import { openSubject } from "../../../src/analysis/subject/openSubject.ts";
import type { Subject } from "../../../src/analysis/subject/subject.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { openExperimentModel } from "../../../src/training/prepare.ts";

/** A subject of ADePT with its initial parameters on 40 short texts, in a folder. */
async function untrainedSubject(folder: string): Promise<Subject> {
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 40 }, (_, i) => JSON.stringify({ text: `word ${i}`, label: i % 2 === 0 ? "a" : "b" })).join(
      "\n",
    ),
  );
  const experiment = ResolvedExperiment.parse({
    name: "x",
    task: { kind: "file", train: join(folder, "data.jsonl"), source: "{text}", target: "{label}" },
    method: { kind: "adept", promptLength: 20, bottleneck: 39 },
    engine: { threads: 1 },
  });
  const { model, sizes, initial } = await openExperimentModel(experiment);
  saveAdapter(
    folder,
    { spec: experiment.method, sizes, parameters: initial },
    { backbone: experiment.backbone, layout: model.layout },
  );
  await model.release();
  return openSubject(experiment, folder);
}

test("a run, its fold, its rivals of the same budget and the bare backbone are each timed once a round", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-latency-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const subject = await untrainedSubject(folder);
  const labels: string[] = [];
  const { rows, rounds, fold } = await analyseLatency(
    subject,
    ({ label }) => {
      labels.push(label);
    },
    { lengths: [16, 32], batches: [2], rounds: 7 },
  );
  await subject.release();
  assert.deepEqual(
    rows.slice(0, 6).map(({ form }) => form),
    ["backbone alone", "adept", "adept folded", "pt, same prompt", "dept", "pt"],
  );
  assert.deepEqual(
    [rows.length, rounds, labels],
    [12, 7, ["16 tokens, batch 2", "32 tokens, batch 2", "predictions of the fold"]],
  );
  for (const { endToEnd, inputLayer, ratio, form, parameters } of rows) {
    assert.ok(
      endToEnd.n === 7 && endToEnd.low <= endToEnd.median && endToEnd.median <= endToEnd.high && inputLayer.median > 0,
    );
    // Their prompts differ in length; their parameters do not.
    if (form === "backbone alone") assert.deepEqual([ratio.median, parameters], [1, 0]);
    else if (form === "pt, same prompt") assert.deepEqual([rows[3]!.promptLength, parameters], [20, 20 * 128]);
    else assert.ok(parameters > 12_000 && parameters <= 12_711, `${form} ${parameters}`);
  }
  assert.deepEqual(
    fold!.against.map(({ against, ratio, cells }) => [against, ratio.n, cells.length]),
    [
      ["pt, same prompt", 14, 2],
      ["dept", 14, 2],
      ["adept", 14, 2],
    ],
  );
  assert.deepEqual(fold!.predictions, { equal: subject.test.length, total: subject.test.length });
});

test("no form always follows the same other one, and over a cycle of rounds each has every place", () => {
  const rounds = Array.from({ length: 12 }, (_, round) => turns(6, round));
  const before = (form: number): Set<number | undefined> =>
    new Set(rounds.map((order) => order[order.indexOf(form) - 1]));
  for (let form = 0; form < 6; form++)
    assert.deepEqual(
      [
        before(form).size,
        rounds
          .map((order) => order.indexOf(form))
          .sort((a, b) => a - b)
          .join(""),
      ],
      [3, "001122334455"],
      `form ${form}`,
    );
});
