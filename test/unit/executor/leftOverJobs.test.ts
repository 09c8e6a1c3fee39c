import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { leftOverJobs } from "../../../src/executor/slurm/leftOverJobs.ts";
import type { QueueRow } from "../../../src/executor/slurm/squeue.ts";
import { NOTHING_SEEN, seenAfter } from "../../../src/executor/slurm/seen.ts";
import { setPointer, SubmissionFolder } from "../../../src/executor/slurm/submission.ts";
import { writeRun } from "../../host/manyRuns.ts";
import { queueRow } from "./queueRow.ts";

const FIRST = "20260102-030405-abcd";
const LATER = "20260102-030405-abce";
const rowOf = (task: string, job: string, more: Partial<QueueRow> = {}): QueueRow =>
  queueRow("PENDING", { task, job, reason: "JobHeldUser", ...more });

test("held jobs of runs that have ended or were submitted anew are left over; those that start by themselves, of open runs and of other folders are not", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-left-"));
  try {
    const runsDir = join(folder, "runs");
    const ended = [0, 1, 2].map((i) => writeRun(runsDir, `20260101-00000${i}-aaaa`, { steps: 1, finished: true }));
    const open = [3, 4].map((i) => writeRun(runsDir, `20260101-00000${i}-aaaa`, { steps: 1, finished: false }));
    const submit = (id: string, runs: typeof open): void => {
      const tasks = runs.map((run) => ({ run: run.id, start: 1, from: 0, fruitless: 0 }));
      SubmissionFolder.make(runsDir, id, { madeAt: 1, runsDir, request: {}, tasks });
      for (const [index, run] of runs.entries()) setPointer(run, { submission: id, index });
    };
    submit(FIRST, [...ended, ...open]);
    submit(LATER, [open[1]!]);
    const rows = [
      rowOf(`${FIRST}/0`, "17_0"),
      rowOf(`${FIRST}/1`, "17_1", { reason: "Priority" }),
      rowOf(`${FIRST}/2`, "17_2", { state: "RUNNING", reason: "None" }),
      rowOf(`${FIRST}/3`, "17_3"),
      rowOf(`${FIRST}/4`, "17_4"),
      rowOf(`${FIRST}/9`, "17_9"),
      rowOf(`${LATER}/0`, "18"),
      rowOf("20260102-030405-zzzz/0", "19"),
    ];
    const asked = rows.map(({ task }) => task);
    const seen = seenAfter(NOTHING_SEEN, { rows, asked, now: 1000 });
    assert.deepEqual(leftOverJobs(runsDir, seen), ["17_0", "17_4"]);
    const gone = seenAfter(seen, { rows: rows.slice(1), asked, now: 2000 });
    assert.deepEqual(leftOverJobs(runsDir, gone), ["17_4"], "what Slurm lists no more is not cancelled");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
