// What is measured on two runs is shown side by side where they have one backbone and one task.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { arePeers } from "../../../src/record/arePeers.ts";
import type { RunRecord } from "../../../src/record/record.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { announceRun, Journal } from "../../../src/run/journal/journal.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-peers-"));
after(() => {
  rmSync(folder, { recursive: true });
});

const files = (name: string) => ({
  kind: "file",
  train: `data/${name}/train.jsonl`,
  validation: `data/${name}/validation.jsonl`,
  test: `data/${name}/test.jsonl`,
  source: "{text}",
  target: "{label}",
});
let count = 0;
/** The record of a run that is made as every run is: announced in its journal, and read from there. */
function announced(task: object, given: Partial<RunRecord> = {}): RunRecord {
  const id = `20260101-000000-${String(++count).padStart(4, "0")}`;
  const experiment = ResolvedExperiment.parse({ name: "peers", task, method: { kind: "adept" } });
  const run = RunDirectory.create(folder, id, experiment);
  const journal = new Journal(run.path);
  announceRun(id, experiment, journal);
  journal.close();
  return { ...run.record(), ...given };
}

test("runs on files are peers where they train on the same file", () => {
  const [sst2, again, trec] = ["sst2", "sst2", "trec"].map((name) => announced(files(name)));
  assert.equal(sst2!.data, "data/sst2/train.jsonl");
  assert.equal(arePeers(sst2!, again!), true);
  assert.equal(arePeers(sst2!, trec!), false);
  const [cb, other] = ["a", "b"].map((name) => announced({ kind: "named", name: "cb", folder: name }));
  assert.equal(arePeers(cb!, other!), false);
});

test("runs on mails are peers, but of two sweeps; nor is a run its own peer, nor one of another backbone", () => {
  const one = announced({ kind: "mail" });
  const other = announced({ kind: "mail" }, { sweep: "a" });
  assert.equal(arePeers(one, other), true);
  assert.equal(arePeers(other, announced({ kind: "mail" }, { sweep: "a" })), true);
  assert.equal(arePeers(other, announced({ kind: "mail" }, { sweep: "b" })), false);
  assert.equal(arePeers(one, one), false);
  assert.equal(arePeers(one, announced({ kind: "mail" }, { backbone: "another" })), false);
});
