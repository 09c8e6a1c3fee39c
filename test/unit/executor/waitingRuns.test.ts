import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { enqueue, waitingRuns } from "../../../src/executor/queuedRuns.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { appendEvents } from "../../../src/run/journal/journal.ts";
import { journalPath } from "../../../src/run/journal/journalLines.ts";

const ID = "20260102-030405-abcd";

test("whoever polls the queue reads no journal again of a run that is over, until it has grown", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-waiting-"));
  try {
    const runsDir = join(folder, ".adept/runs");
    const text = JSON.stringify({
      name: "a",
      task: { kind: "mail" },
      method: { kind: "adept", budget: 12800 },
      executor: "slurm",
    });
    const run = enqueue(runsDir, ID, experimentsOf(join(folder, "a.adept.json"), text, [])[0]!);
    const waits = (): boolean => waitingRuns(runsDir, "slurm").length > 0;
    assert.equal(waits(), true);
    const path = journalPath(run.path);
    const queued = readFileSync(path, "utf8");
    appendEvents(run.path, { type: "status", status: "finished" });
    assert.equal(waits(), false);
    // As long as before, and yet another journal: only who reads it sees that.
    const other = queued.padEnd(readFileSync(path).length - 1) + "\n";
    writeFileSync(path, other);
    assert.equal(run.record().status, "queued");
    assert.equal(waits(), false);
    appendEvents(run.path, { type: "status", status: "queued" });
    assert.equal(waits(), true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
