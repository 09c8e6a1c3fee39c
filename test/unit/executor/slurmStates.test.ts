import assert from "node:assert/strict";
import { test } from "node:test";
import { isFull, neverStarts, remedyOf } from "../../../src/executor/slurm/refusal.ts";
import { readAccounting } from "../../../src/executor/slurm/sacct.ts";
import {
  goodFor,
  lostTasks,
  NOT_FOUND,
  NOTHING_SEEN,
  seenAccounted,
  seenAfter,
  seenNothing,
  whereOf,
} from "../../../src/executor/slurm/seen.ts";
import { readQueue, type QueueRow } from "../../../src/executor/slurm/squeue.ts";
import { meaningOf } from "../../../src/executor/slurm/states.ts";
import { queueRow } from "./queueRow.ts";

test("each state of Slurm has a meaning, and one that no version has told yet is no end", () => {
  const meanings: Record<string, string> = {
    PENDING: "waiting",
    CONFIGURING: "waiting",
    REQUEUED: "waiting",
    REQUEUE_HOLD: "waiting",
    SUSPENDED: "waiting",
    STOPPED: "waiting",
    RUNNING: "working",
    COMPLETING: "working",
    SIGNALING: "working",
    STAGE_OUT: "working",
    COMPLETED: "ended",
    FAILED: "ended",
    TIMEOUT: "ended",
    DEADLINE: "ended",
    OUT_OF_MEMORY: "ended",
    CANCELLED: "ended",
    "CANCELLED by 1000": "ended",
    PREEMPTED: "waiting",
    NODE_FAIL: "waiting",
    BOOT_FAIL: "waiting",
    "": "unknown",
    A_STATE_OF_2040: "unknown",
  };
  for (const [state, meaning] of Object.entries(meanings)) assert.equal(meaningOf(state, true), meaning, state);
  for (const state of ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL"]) assert.equal(meaningOf(state, false), "ended", state);
});

test("a job that waits for what only a person can change is told from one that waits for its turn", () => {
  for (const reason of [
    "PartitionTimeLimit",
    "PartitionConfig",
    "PartitionNodeLimit",
    "BadConstraints",
    "DependencyNeverSatisfied",
    "JobHeldAdmin",
    "JobHoldMaxRequeue",
    "job requeued in held state",
    "launch failed requeued held",
    "AccountNotAllowed",
    "QOSMaxWallDurationPerJobLimit",
    "AssocMaxWallDurationPerJobLimit",
  ])
    assert.notEqual(neverStarts(reason), undefined, reason);
  for (const reason of ["Priority", "Resources", "JobArrayTaskLimit", "QOSMaxJobsPerUserLimit", "BeginTime", "None"])
    assert.equal(neverStarts(reason), undefined, reason);
});

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

test("a job that is too large for a QOS is refused for good; where a user has too many jobs it is taken later", () => {
  for (const limit of [
    "QOSMaxSubmitJobPerUserLimit",
    "AssocGrpSubmitJobsLimit",
    "QOSGrpJobsLimit",
    "AssocMaxJobsLimit",
  ])
    assert.equal(isFull(`sbatch: error: ${limit}\n${POLICY}`), true, limit);
  for (const limit of ["QOSMaxWallDurationPerJobLimit", "QOSMaxCpuPerJobLimit", "QOSGrpCpuLimit", "AssocMaxMemPerNode"])
    assert.equal(isFull(`sbatch: error: ${limit}\n${POLICY}`), false, limit);
  assert.equal(isFull(POLICY), true);
  assert.equal(isFull("Invalid qos specification"), false);
});

test("each refusal of sbatch has what helps against it", () => {
  const helps: Record<string, RegExp> = {
    "sbatch: error: invalid partition specified: none": /executor\.partition/,
    "Batch job submission failed: Invalid account or account/partition combination specified": /executor\.account/,
    "Batch job submission failed: Invalid qos specification": /executor\.qos/,
    "Batch job submission failed: Invalid generic resource (gres) specification": /executor\.gpus/,
    "Batch job submission failed: Invalid feature specification": /executor\.constraint/,
    "Memory specification can not be satisfied": /executor\.memory/,
    "Requested node configuration is not available": /executor\.memory/,
    "sbatch: unrecognized option '--nonsense'": /executor\.args/,
    [`sbatch: error: QOSMaxWallDurationPerJobLimit\n${POLICY}`]: /executor\.time/,
    [`sbatch: error: QOSMaxCpuPerJobLimit\n${POLICY}`]: /executor\.cpus/,
    [`sbatch: error: QOSGrpCpuLimit\n${POLICY}`]: /executor\.cpus/,
    [`sbatch: error: QOSMinGRES\n${POLICY}`]: /at least/,
    "something of 2040": /man sbatch/,
  };
  for (const [told, help] of Object.entries(helps)) assert.match(remedyOf(told).template, help, told);
});

const LINES = [
  "adept:20260102-030405-abcd|17|0|18|FAILED|n1|2026-01-02T03:04:05|2026-01-02T03:05:05|1|768|NonZeroExitCode|",
  "adept:20260102-030405-abcd|17|1|17|PENDING||N/A|N/A|0|0|JobArrayTaskLimit|",
  "adept:20260102-030405-efgh|19|N/A|19|FAILED|n2|2026-01-02T03:04:05|2026-01-02T03:05:05|0|9|None|",
  "somebody's own|20|N/A|20|RUNNING|n2|2026-01-02T03:04:05|N/A|0|0|None|",
  "",
];

test("squeue's lines: the task by our comment, the job as Slurm's commands take it, exit code or signal", () => {
  const rows = readQueue(LINES.join("\n"));
  assert.deepEqual(
    rows.map(({ task, job, state, reason, node, restarts, exit }) => [task, job, state, reason, node, restarts, exit]),
    [
      ["20260102-030405-abcd/0", "17_0", "FAILED", "NonZeroExitCode", "n1", 1, 3],
      ["20260102-030405-abcd/1", "17_1", "PENDING", "JobArrayTaskLimit", "", 0, 0],
      ["20260102-030405-efgh/0", "19", "FAILED", "None", "n2", 0, -9],
    ],
  );
  assert.equal(rows[0]!.startsAt, new Date(2026, 0, 2, 3, 4, 5).getTime());
  assert.equal(rows[1]!.startsAt, undefined);
});

const MINUTE = 60_000;
const asked = ["s/0"];
const BEGUN = { requeue: true, hasBegun: () => true };

test("a task that ended stays ended when Slurm forgets it; one that vanished at work is unknown, then not found", () => {
  const ended = seenAfter(NOTHING_SEEN, { rows: [queueRow("TIMEOUT")], asked, now: 0 });
  const forgotten = seenAfter(ended, { rows: [], asked, now: MINUTE });
  assert.deepEqual(
    [whereOf(forgotten.tasks["s/0"], BEGUN, MINUTE).state, whereOf(forgotten.tasks["s/0"], BEGUN, MINUTE).word],
    ["ended", "TIMEOUT"],
  );

  let seen = seenAfter(NOTHING_SEEN, { rows: [queueRow("RUNNING")], asked, now: 0 });
  assert.equal(whereOf(seen.tasks["s/0"], BEGUN, 0).state, "working");
  // Two looks, however long apart, are not enough, nor are many within minutes.
  for (const now of [MINUTE, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE]) {
    seen = seenAfter(seen, { rows: [], asked, now });
    assert.equal(whereOf(seen.tasks["s/0"], BEGUN, now).state, "unknown", String(now));
  }
  seen = seenAfter(seen, { rows: [], asked, now: 6 * MINUTE });
  assert.equal(whereOf(seen.tasks["s/0"], BEGUN, 6 * MINUTE).word, NOT_FOUND);
  // It comes back: the node answers again.
  seen = seenAfter(seen, { rows: [queueRow("RUNNING", { restarts: 1 })], asked, now: 7 * MINUTE });
  assert.equal(whereOf(seen.tasks["s/0"], BEGUN, 7 * MINUTE).state, "working");
});

test("a waiting task that vanishes from an array of which others are listed was cancelled, unless it has printed anything", () => {
  const other = queueRow("RUNNING", { task: "s/1", job: "1_1" });
  const looked = (
    first: QueueRow,
    { rows, hasBegun = false }: { rows: readonly QueueRow[]; hasBegun?: boolean },
  ): (string | undefined)[] => {
    let seen = seenAfter(NOTHING_SEEN, { rows: [first, other], asked, now: 0 });
    return [1, 2].flatMap((now) => {
      seen = seenAfter(seen, { rows, asked, now });
      const { state, word } = whereOf(seen.tasks["s/0"], { requeue: true, hasBegun: () => hasBegun }, now);
      return [state, word];
    });
  };
  const rows = [other];
  assert.deepEqual(looked(queueRow("PENDING"), { rows }), ["ended", "CANCELLED", "ended", "CANCELLED"]);
  const unknown = (state: string): string[] => ["unknown", state, "unknown", state];
  // A controller that lists none of them may have lost its state; so may one that lists another array alone.
  assert.deepEqual(looked(queueRow("PENDING"), { rows: [] }), unknown("PENDING"));
  assert.deepEqual(looked(queueRow("PENDING"), { rows: [queueRow("RUNNING", { task: "t/0" })] }), unknown("PENDING"));
  // It has been at work meanwhile, or before.
  assert.deepEqual(looked(queueRow("PENDING"), { rows, hasBegun: true }), unknown("PENDING"));
  assert.deepEqual(looked(queueRow("PENDING", { restarts: 1 }), { rows }), unknown("PENDING"));
  assert.deepEqual(looked(queueRow("RUNNING"), { rows }), unknown("RUNNING"));
});

test("a task that squeue has never shown is unknown until it was looked for three times in five minutes", () => {
  let seen = NOTHING_SEEN;
  for (const now of [0, 4 * MINUTE]) seen = seenAfter(seen, { rows: [], asked, now });
  assert.equal(whereOf(seen.tasks["s/0"], BEGUN, 4 * MINUTE).state, "unknown");
  seen = seenAfter(seen, { rows: [], asked, now: 5 * MINUTE });
  assert.equal(whereOf(seen.tasks["s/0"], BEGUN, 5 * MINUTE).word, NOT_FOUND);
});

test("while Slurm does not answer, all that was seen stands, and it is asked less often, at most every five minutes", () => {
  const seen = seenAfter(NOTHING_SEEN, { rows: [queueRow("RUNNING")], asked, now: 1 });
  assert.equal(goodFor(seen, 30_000), 30_000);
  let away = seen;
  const waits = [1, 2, 3, 4, 5, 6].map((now) => {
    away = seenNothing(away, now);
    return goodFor(away, 30_000);
  });
  assert.deepEqual(waits, [60_000, 120_000, 240_000, 300_000, 300_000, 300_000]);
  assert.equal(whereOf(away.tasks["s/0"], BEGUN, 10 * MINUTE).state, "working");
  assert.equal(seenAfter(away, { rows: [queueRow("RUNNING")], asked, now: 9 }).failures, 0);
});

test("the accounting says how a job ended that squeue has lost; of one that goes on it says nothing", () => {
  const tasks = new Map([
    ["17_0", "s/0"],
    ["17_1", "s/1"],
  ]);
  const text = [
    "17_0|FAILED|n1|2026-01-02T03:04:05|2026-01-02T03:05:05|3:0",
    "17_1|RUNNING|n2|2026-01-02T03:04:05|Unknown|0:0",
    "18|CANCELLED by 0|None assigned|None|Unknown|0:15",
  ].join("\n");
  const rows = readAccounting(text, tasks);
  assert.deepEqual(
    rows.map(({ task, job, state, node, exit }) => [task, job, state, node, exit]),
    [["s/0", "17_0", "FAILED", "n1", 3]],
  );
  assert.equal(readAccounting(text, new Map([["18", "t/0"]]))[0]?.exit, -15);

  const running = seenAfter(NOTHING_SEEN, { rows: [queueRow("RUNNING", { restarts: 2 })], asked, now: 0 });
  assert.deepEqual(lostTasks(running), []);
  const lost = seenAfter(running, { rows: [], asked, now: 1 });
  assert.deepEqual(lostTasks(lost), ["s/0"]);
  const known = seenAccounted(lost, rows, 2);
  const { state, word, exit, restarts } = whereOf(known.tasks["s/0"], BEGUN, 2);
  assert.deepEqual([state, word, exit, restarts, known.accountedAt], ["ended", "FAILED", 3, 2, 2]);
  assert.deepEqual(lostTasks(known), []);
  // It stays known, and squeue's next answer without it changes nothing.
  assert.equal(whereOf(seenAfter(known, { rows: [], asked, now: 3 }).tasks["s/0"], BEGUN, 3).word, "FAILED");
});
