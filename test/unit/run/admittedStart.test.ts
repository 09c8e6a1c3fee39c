import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dequeue, enqueue } from "../../../src/executor/queuedRuns.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { admittedStart, nextStart } from "../../../src/record/admittedStart.ts";
import { clusterJob } from "../../../src/record/clusterJob.ts";
import type { NewRunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RunRecord } from "../../../src/record/record.ts";

const recordOf = (...events: NewRunEvent[]): RunRecord => foldEvents(events.map((event, time) => ({ ...event, time })));
const status = (
  name: RunRecord["status"],
  more: Partial<Extract<NewRunEvent, { type: "status" }>> = {},
): NewRunEvent => ({ type: "status", status: name, ...more });
const job = (restart: number, id = "17_3"): { cluster: string; id: string; restart: number } => ({
  cluster: "c",
  id,
  restart,
});

test("a number begins a run once; the run's end uses up the next one, so that only a later wish begins it anew", () => {
  const queued = recordOf(status("queued"));
  const begun = recordOf(status("queued"), status("preparing", { start: 1 }), status("interrupted"));
  const over = recordOf(status("queued"), status("preparing", { start: 1 }), status("finished", { start: 1 }));
  assert.deepEqual(
    [queued, begun, over].map((record) => [1, 2, 3].map((number) => admittedStart(record, { number }))),
    [
      [1, 2, 3],
      [undefined, 2, 3],
      [undefined, undefined, 3],
    ],
  );
  assert.deepEqual([queued, begun, over].map(nextStart), [1, 2, 3]);
});

test("journals without numbers count their starts, also of one that tells several times that it prepares", () => {
  const session = [status("preparing"), status("preparing"), status("running")];
  assert.equal(recordOf(...session).start, 1);
  assert.equal(recordOf(...session, status("interrupted"), ...session).start, 2);
  assert.equal(recordOf(...session, status("interrupted"), status("preparing", { start: 2 })).start, 2);
});

test("a number never falls, whatever is written late", () => {
  assert.equal(recordOf(status("preparing", { start: 5 }), status("running", { start: 3 })).start, 5);
});

test("a job that its cluster starts again goes on with what its own earlier start began, and with nothing else", () => {
  const begun = (more: Partial<Extract<NewRunEvent, { type: "status" }>>): RunRecord =>
    recordOf(status("preparing", { start: 4, ...more }));
  const asks = (record: RunRecord, restart: number): number | undefined =>
    admittedStart(record, { number: 4, job: job(restart) });
  assert.deepEqual(
    [
      asks(begun({ job: job(0) }), 1),
      asks(begun({ job: job(1) }), 1),
      asks(begun({ job: job(2) }), 1),
      asks(begun({ job: job(0, "17_4") }), 1),
      asks(begun({ job: { ...job(0), cluster: "d" } }), 1),
      asks(begun({}), 1),
      asks(recordOf(status("preparing", { start: 4, job: job(0) }), status("finished", { start: 4, job: job(0) })), 1),
    ],
    [5, undefined, undefined, undefined, undefined, undefined, undefined],
  );
});

test("a worker that is the whole of its job's start goes on with another start of it, whatever their counts; others with a lower count alone", () => {
  const asks = (record: RunRecord, restart: number, isWholeJob: boolean): number | undefined =>
    admittedStart(record, { number: 4, job: job(restart), isWholeJob });
  const begun = recordOf(status("preparing", { start: 4, job: job(1) }));
  const over = recordOf(status("preparing", { start: 4, job: job(1) }), status("stopped", { start: 4, job: job(1) }));
  assert.deepEqual(
    [
      asks(begun, 1, true),
      asks(begun, 0, true),
      asks(begun, 1, false),
      asks(begun, 0, false),
      asks(over, 1, true),
      asks(over, 0, true),
    ],
    [5, 5, undefined, undefined, undefined, undefined],
  );
});

test("a job is known by Slurm's variables: a task of an array by both numbers, the first start by a missing count", () => {
  assert.equal(clusterJob({}), undefined);
  assert.deepEqual(clusterJob({ SLURM_JOB_ID: "12", SLURM_CLUSTER_NAME: "c" }), {
    cluster: "c",
    id: "12",
    restart: 0,
  });
  const task = { SLURM_JOB_ID: "20", SLURM_ARRAY_JOB_ID: "17", SLURM_ARRAY_TASK_ID: "3", SLURM_RESTART_COUNT: "2" };
  assert.deepEqual(clusterJob(task), { cluster: "", id: "17_3", restart: 2 });
  const last = { ...task, SLURM_JOB_ID: "17", SLURM_ARRAY_TASK_ID: "5", SLURM_RESTART_COUNT: undefined };
  assert.deepEqual(
    clusterJob(last),
    { cluster: "", id: "17_5", restart: 0 },
    "the last task has the array's own number",
  );
  assert.equal(clusterJob({ SLURM_JOB_ID: "12", SLURM_RESTART_COUNT: "many" }), undefined);
});

test("a run that is taken out of the queue is not begun by a worker that was started for it before", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-start-"));
  try {
    const experiment = ResolvedExperiment.parse({ name: "a", task: { kind: "mail" }, method: { kind: "adept" } });
    const run = enqueue(join(folder, "runs"), "20260101-000000-aaaa", experiment);
    const number = nextStart(run.record());
    dequeue(run);
    assert.deepEqual([run.record().status, admittedStart(run.record(), { number })], ["stopped", undefined]);
    assert.equal(run.stopRequested(), false);
    const begun = enqueue(join(folder, "runs"), "20260101-000000-bbbb", experiment);
    assert.ok(begun.acquireLease(process.ppid, { start: 1 }));
    dequeue(begun);
    assert.deepEqual([begun.record().status, begun.stopRequested()], ["queued", true], "a worker has it: it is asked");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
