import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { concurrentOf } from "../../../src/experiment/concurrent.ts";
import { SlurmExecutor } from "../../../src/executor/slurm/slurmExecutor.ts";
import { SubmissionFolder } from "../../../src/executor/slurm/submission.ts";
import { enqueue } from "../../../src/executor/queuedRuns.ts";
import { logsText } from "../../../src/executor/runLogs.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { Journal } from "../../../src/run/journal/journal.ts";

const TEXT = JSON.stringify({
  name: "words",
  task: { kind: "mail" },
  method: { kind: "adept", budget: 12800 },
  executor: { kind: "slurm", concurrent: 3 },
});

test("a run's log has its journal's story and the output of each of its jobs, each bounded to its end", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-logs-"));
  try {
    const runsDir = join(folder, ".adept/runs");
    const run = enqueue(runsDir, "20260102-030405-abcd", experimentsOf(join(folder, "a.adept.json"), TEXT, [])[0]!);
    const journal = new Journal(run.path);
    const placed = { type: "placed", executor: "slurm", cluster: "c", restart: 2, node: "n7", cpu: "" } as const;
    journal.append({ ...placed, job: "17_1" });
    journal.append({ type: "status", status: "failed", message: "No more." });
    journal.close();
    const other = { run: "20260102-030405-aaaa", start: 1, from: 0, fruitless: 0 };
    const tasks = [other, { ...other, run: run.id }];
    for (const [name, job] of Object.entries({ "2026a": "17", "2026b": "18" })) {
      const made = SubmissionFolder.make(runsDir, name, { madeAt: 0, runsDir, request: {}, tasks });
      made.setOutcome({ job });
      writeFileSync(made.logPath(0), "of another run\n");
      writeFileSync(made.logPath(1), `early\n${"word ".repeat(20)}\nlast of ${job}\n`);
    }
    mkdirSync(join(folder, ".adept/slurm/no-submission"));
    const executor = new SlurmExecutor({ runsDir, workerPath: "", nodePath: "", folder });
    const whole = executor.logs(run, 1000);
    assert.deepEqual(
      whole.map(({ title, before }) => [title, before]),
      [
        ["journal", 0],
        ["job 17_1", 0],
        ["job 18_1", 0],
      ],
    );
    assert.match(whole[0]!.text, /^[\d-]{10} [\d:]{8} queued\n.* job 17_1, restart 2, on n7\n.* failed: No more\.\n$/);
    const cut = executor.logs(run, 60).filter(({ title }) => title !== "journal");
    assert.deepEqual(
      cut.map(({ text, before }) => [text, before]),
      [
        ["last of 17\n", 107],
        ["last of 18\n", 107],
      ],
    );
    const path = cut[0]!.path;
    assert.equal(
      logsText([cut[0]!, { ...cut[1]!, text: " \n" }, { ...cut[1]!, path, before: 0 }], ({ before }) => `-${before}`),
      `== job 17_1 (${path})\n-107\nlast of 17\n\n== job 18_1 (${path})\nlast of 18`,
    );
    assert.deepEqual(executor.limits([run]), [3]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a limit is a whole number that an experiment may have", () => {
  assert.deepEqual(["0", " 4 ", "100000"].map(concurrentOf), [0, 4, 100_000]);
  for (const wrong of ["", "-1", "1.5", "100001", "9999999", "many", "0x4"])
    assert.equal(concurrentOf(wrong), undefined);
});
