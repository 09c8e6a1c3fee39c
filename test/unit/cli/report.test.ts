import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { ANALYSIS_VERSIONS } from "../../../src/experiment/analysisNames.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";

const CLI = resolve(import.meta.dirname, "../../../src/cli.ts");
const ID = "20261201-170351-abcd";
const root = mkdtempSync(join(tmpdir(), "adept-report-"));
after(() => {
  rmSync(root, { recursive: true, force: true });
});

const report = (out: string): { status: number | null; stderr: string } =>
  spawnSync(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), CLI, "report", ID, "--runs-dir", "runs", "--out", out],
    { cwd: root, encoding: "utf8" },
  );

/** A finished run with an analysis in which a median was not finite: JSON writes null for it. */
function writeRun(): void {
  const run = join(root, "runs", ID);
  mkdirSync(join(run, "analysis"), { recursive: true });
  const experiment = ResolvedExperiment.parse({ name: "a", task: { kind: "mail" }, method: { kind: "adept" } });
  writeFileSync(join(run, "experiment.json"), JSON.stringify(experiment));
  const created = { id: ID, name: "a", method: "adept", task: "mail", backbone: "b", seed: 0, steps: 1 };
  const events = [
    { type: "created", time: 1, version: 1, ...created },
    { type: "evaluation", time: 2, step: 1, split: "test", loss: 1, metrics: { accuracy: 0.5 }, examples: 10 },
    { type: "status", time: 3, status: "finished" },
  ];
  writeFileSync(join(run, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const component = { group: "ffn", rate: 0.1, ratio: { median: null }, gradient: { median: 0.5 }, spikes: 0 };
  const result = { steps: 1, clipped: 0, lossSpikes: 0, finalLoss: 1, components: [component], alerts: [] };
  const stored = { name: "stability", version: ANALYSIS_VERSIONS.stability, key: "k", examples: 0, result };
  writeFileSync(join(run, "analysis", "stability.json"), JSON.stringify(stored));
}

test("a report makes the folder that it is named, and what was not finite is no number in it", () => {
  writeRun();
  const { status, stderr } = report(join("new", "folder", "r.html"));
  assert.equal(status, 0, stderr);
  assert.ok(existsSync(join(root, "new", "folder", "r.figures")));
  const text = readFileSync(join(root, "new", "folder", "r.md"), "utf8");
  assert.match(text, /\| adept \| ffn \| 0\.1 \| n\/a \(one seed\) \| 5\.0e−1 \(one seed\) \| 0 \| none \|/);
});

test("a place that no report can be written to is said with what helps", () => {
  writeRun();
  writeFileSync(join(root, "plain"), "");
  const { status, stderr } = report(join("plain", "r.html"));
  assert.equal(status, 1);
  assert.match(stderr, /cannot be written[\s\S]*Name another folder/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});
