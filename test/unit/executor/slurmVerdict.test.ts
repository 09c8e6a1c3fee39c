import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
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
const ended = (word: string, exit = 1): Where => ({ state: "ended", job: "17_0", word, restarts: 0, exit });

interface More {
  step?: number;
  task?: Partial<Task>;
  logEnd?: string;
  exit?: number;
}

const says = (status: RunStatus, word: string, more: More = {}) => {
  const verdict = verdictOf({
    record: record(status, more.step),
    where: ended(word, more.exit),
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
  // Slurm itself may not start it again, else it would wait.
  assert.deepEqual(says("running", "NODE_FAIL"), ["interrupted", true]);
  assert.deepEqual(says("running", NOT_FOUND), ["interrupted", true]);
  // A worker that gave the run up when it was asked to leave the node.
  assert.deepEqual(says("interrupted", "COMPLETED", { step: 12, exit: 0 }), ["interrupted", true]);
  // A worker that ended by itself and said why, such as a full disk.
  assert.deepEqual(says("interrupted", "FAILED"), ["interrupted", true]);
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

test("a job that was asked to end before its worker could say so goes on, and fails after two without a step", () => {
  for (const exit of [-15, 143]) {
    assert.deepEqual(says("queued", "COMPLETED", { exit }), ["interrupted", true]);
    assert.deepEqual(says("running", "FAILED", { exit, task: { fruitless: 1 } }), ["failed", false]);
  }
  assert.deepEqual(says("running", "FAILED", { exit: -11 }), ["failed", false]);
  assert.deepEqual(says("interrupted", "FAILED", { exit: 143, step: 11, task: { fruitless: 1 } }), [
    "interrupted",
    true,
  ]);
  assert.deepEqual(says("interrupted", "PREEMPTED", { task: { fruitless: 1 } }), ["failed", false]);
});

test("a job of which Slurm knows nothing is tried again, but not for ever", () => {
  assert.deepEqual(says("queued", NOT_FOUND), ["interrupted", true]);
  assert.deepEqual(says("interrupted", NOT_FOUND, { task: { fruitless: 1 } }), ["interrupted", true]);
  assert.deepEqual(says("interrupted", NOT_FOUND, { task: { fruitless: 2 } }), ["failed", false]);
  assert.deepEqual(says("running", NOT_FOUND, { step: 11, task: { fruitless: 2 } }), ["interrupted", true]);
});

test("a job that took no time while its worker was at work was lost by Slurm, and the run goes on", () => {
  const verdict = (status: RunStatus, endsAt: number) =>
    verdictOf({ record: record(status), where: { ...ended("FAILED"), startsAt: 5000, endsAt }, task, logEnd: "" });
  assert.equal(verdict("running", 5000)?.again, true);
  assert.equal(verdict("running", 9000)?.status, "failed");
  assert.equal(verdict("queued", 5000)?.status, "failed");
});

test("a shell that does not find Node says how it is loaded", () => {
  const verdict = verdictOf({ record: record("queued"), where: ended("FAILED", 127), task, logEnd: "node: not found" });
  assert.equal(verdict?.status, "failed");
  assert.match(verdict.why.template, /executor\.setup/);
});

test("memory without control groups: the job's output alone says it", () => {
  const why = (logEnd: string) =>
    verdictOf({ record: record("running"), where: ended("FAILED"), task, logEnd })?.why.template ?? "";
  assert.match(why("slurmstepd: error: Exceeded job memory limit"), /lack of memory/);
  assert.doesNotMatch(why("Segmentation fault"), /lack of memory/);
  const known = { ...record("running"), memory: { needed: 3e9, available: 1e9, copies: 1, wanted: 1 } };
  const verdict = verdictOf({ record: known, where: ended("OUT_OF_MEMORY"), task, logEnd: "" });
  assert.match(english(verdict!.why), /forecast was 3(\.0)? GB.*executor\.memory/);
});
