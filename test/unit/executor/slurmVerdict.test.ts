import assert from "node:assert/strict";
import { test } from "node:test";
import type { Where } from "../../../src/executor/executor.ts";
import { NOT_FOUND } from "../../../src/executor/slurm/seen.ts";
import type { Task } from "../../../src/executor/slurm/submission.ts";
import { fruitlessJobs, verdictOf } from "../../../src/executor/slurm/verdict.ts";
import type { RunStatus } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";

const record = (status: RunStatus, checkpointStep?: number) => ({
  ...foldEvents([]),
  status,
  queued: true,
  checkpointStep,
});
const task: Task = { run: "20260102-030405-abcd", start: 1, from: 10, fruitless: 0 };
const ended = (word: string): Where => ({ state: "ended", job: "17_0", word, restarts: 0, exit: 1 });

const says = (status: RunStatus, word: string, more: { step?: number; task?: Partial<Task>; logEnd?: string } = {}) => {
  const verdict = verdictOf({
    record: record(status, more.step),
    where: ended(word),
    task: { ...task, ...more.task },
    logEnd: more.logEnd ?? "",
  });
  return verdict && [verdict.status, verdict.again];
};

test("what the end of a job means for a run whose journal says no end", () => {
  assert.deepEqual(says("running", "FAILED"), ["failed", false]);
  assert.deepEqual(says("queued", "FAILED"), ["failed", false]);
  assert.deepEqual(says("queued", "COMPLETED"), ["failed", false]);
  assert.deepEqual(says("running", "OUT_OF_MEMORY"), ["failed", false]);
  assert.deepEqual(says("running", "CANCELLED by 1000"), ["stopped", false]);
  assert.deepEqual(says("interrupted", "CANCELLED"), ["stopped", false]);
  assert.deepEqual(says("running", "NODE_FAIL"), ["interrupted", false]);
  assert.deepEqual(says("running", NOT_FOUND), ["interrupted", true]);
  // A worker that gave the run up when it was asked to leave the node.
  assert.deepEqual(says("interrupted", "COMPLETED", { step: 12 }), ["interrupted", true]);
});

test("a run that has ended by its journal, or whose job has not ended, is left alone", () => {
  for (const status of ["finished", "failed", "stopped"] as const) assert.equal(says(status, "FAILED"), undefined);
  for (const state of ["waiting", "working", "unknown"] as const)
    assert.equal(
      verdictOf({ record: record("running"), where: { ...ended("FAILED"), state }, task, logEnd: "" }),
      undefined,
    );
});

test("a time limit: the run goes on if it came further, and fails after two jobs that did not", () => {
  assert.deepEqual(says("running", "TIMEOUT", { step: 11 }), ["interrupted", true]);
  assert.deepEqual(says("running", "TIMEOUT", { step: 11, task: { fruitless: 1 } }), ["interrupted", true]);
  assert.deepEqual(says("running", "TIMEOUT", { step: 10 }), ["interrupted", true]);
  assert.deepEqual(says("running", "TIMEOUT", { step: 10, task: { fruitless: 1 } }), ["failed", false]);
  assert.equal(fruitlessJobs({ checkpointStep: 11 }, task), 0);
  assert.equal(fruitlessJobs({ checkpointStep: 10 }, { ...task, fruitless: 3 }), 4);
});

test("memory without control groups: the job's output alone says it", () => {
  const why = (logEnd: string) =>
    verdictOf({ record: record("running"), where: ended("FAILED"), task, logEnd })?.why.template ?? "";
  assert.match(why("slurmstepd: error: Exceeded job memory limit"), /lack of memory/);
  assert.doesNotMatch(why("Segmentation fault"), /lack of memory/);
});
