import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dropRuntimes } from "../../../src/executor/slurm/dropRuntimes.ts";
import { enqueue, endWaiting } from "../../../src/executor/queuedRuns.ts";
import { keptRuntime } from "../../../src/executor/slurm/runtime.ts";
import { setPointer, SubmissionFolder } from "../../../src/executor/slurm/submission.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { phrase } from "../../../src/base/phrase.ts";

const ID = "20260102-030405-abcd";

/** A build in which a package lies beside the bundles, as in a package of ours. */
function build(folder: string, text: string): string {
  mkdirSync(join(folder, "dist/node_modules/onnxruntime-node"), { recursive: true });
  writeFileSync(join(folder, "dist/node_modules/onnxruntime-node/index.js"), "");
  for (const name of ["worker.js", "slurm.cjs", "host.cjs", "worker.js.map"])
    writeFileSync(join(folder, "dist", name), text);
  return join(folder, "dist/worker.js");
}

test("jobs run on a copy that an update leaves alone, and that goes once no job needs it", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-runtime-"));
  try {
    const runsDir = join(folder, ".adept/runs");
    const versions = (): number => readdirSync(join(folder, ".adept/slurm/runtime")).length;
    const first = keptRuntime(runsDir, build(folder, "one"));
    assert.equal(keptRuntime(runsDir, join(folder, "dist/worker.js")), first);
    assert.equal(readFileSync(first, "utf8"), "one");
    const beside = readdirSync(join(first, "..")).sort();
    assert.deepEqual(beside, ["node_modules", "slurm.cjs", "worker.js"]);

    const text = JSON.stringify({
      name: "a",
      task: { kind: "mail" },
      method: { kind: "adept", budget: 12800 },
      executor: "slurm",
    });
    const run = enqueue(runsDir, ID, experimentsOf(join(folder, "a.adept.json"), text, [])[0]!);
    const tasks = [{ run: ID, start: 1, from: 0, fruitless: 0 }];
    const submission = SubmissionFolder.make(runsDir, "s1", { madeAt: 1, runsDir, request: {}, tasks });
    submission.keepScript(`exec node '${first}'`);
    setPointer(run, { submission: "s1", index: 0 });

    const second = keptRuntime(runsDir, build(folder, "two"));
    assert.notEqual(second, first);
    dropRuntimes(runsDir, second);
    assert.equal(existsSync(first), true, "a waiting job needs it");
    endWaiting(run, "stopped", phrase`enough`);
    dropRuntimes(runsDir, keptRuntime(runsDir, build(folder, "three")));
    assert.deepEqual([existsSync(first), existsSync(second), versions()], [false, false, 1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
