import * as z from "zod";
import type { Where } from "../executor.ts";
import type { QueueRow } from "./squeue.ts";
import { neverStarts } from "./refusal.ts";
import { meaningOf } from "./states.ts";

const time = z.number().optional();

/** A task as squeue showed it last. */
const SeenTask = z.object({
  job: z.string(),
  state: z.string(),
  reason: z.string(),
  node: z.string(),
  startsAt: time,
  endsAt: time,
  restarts: z.number(),
  exit: z.number(),
  since: z.number().describe("when the state was seen first"),
  missing: z
    .object({
      since: z.number(),
      looks: z.number(),
      withdrawn: z
        .boolean()
        .optional()
        .describe("whether it waited for its first start, and others of its array do not lack"),
    })
    .optional()
    .describe("since when, and how often, squeue did not show it"),
});
type SeenTask = z.infer<typeof SeenTask>;

/** What squeue said last, and when; shared by all processes that look at the runs of a folder. */
export const Seen = z.object({
  at: z.number().describe("when squeue was asked last, milliseconds since the epoch"),
  failures: z.number().describe("how often in succession it gave no answer"),
  accountedAt: z.number().optional().describe("when the accounting was asked last"),
  tasks: z.record(z.string(), SeenTask),
});
export type Seen = z.infer<typeof Seen>;

export const NOTHING_SEEN: Seen = { at: 0, failures: 0, tasks: {} };

/** How long (ms) a task that has vanished from the queue is remembered. */
const REMEMBERED = 7 * 24 * 3600_000;
/** How often and how long a task must be missing before Slurm is said to know no such job. */
const LOOKS = 3;
const GONE_AFTER = 5 * 60_000;
/** The longest wait (ms) between two questions while Slurm does not answer. */
const LONGEST_WAIT = 5 * 60_000;

/** The word of a task that Slurm knows no more, beside Slurm's own states. */
export const NOT_FOUND = "NOT_FOUND";

/** How long (ms) an answer is good: longer after each failure in succession. */
export const goodFor = ({ failures }: Seen, maxAge: number): number =>
  failures === 0 ? maxAge : Math.max(maxAge, Math.min(LONGEST_WAIT, maxAge * 2 ** failures));

/** A task of which squeue has never told anything. */
const unseen = (now: number): SeenTask => ({
  job: "",
  state: "",
  reason: "",
  node: "",
  startsAt: undefined,
  endsAt: undefined,
  restarts: 0,
  exit: 0,
  since: now,
});

/** Slurm's word for a task that was cancelled, also for one that it has dropped without a word. */
const CANCELLED = "CANCELLED";

/** The submission of a task, by its name. */
const submissionOf = (task: string): string => task.slice(0, task.lastIndexOf("/"));

/** Whether a task that squeue shows no more has never been at work, by what it showed. */
const hasWaited = ({ state, restarts, missing }: SeenTask): boolean =>
  state === "PENDING" && restarts === 0 && missing === undefined;

function missingOf(task: SeenTask, now: number, hasOthers: boolean): SeenTask {
  const { since = now, looks = 0, withdrawn = hasOthers && hasWaited(task) } = task.missing ?? {};
  return { ...task, missing: { since, looks: looks + 1, withdrawn } };
}

/**
 * What is seen after one more answer of squeue.
 * @param asked the tasks that somebody wants to know of, also those that squeue has never shown
 */
export function seenAfter(
  before: Seen,
  { rows, asked, now }: { rows: readonly QueueRow[]; asked: readonly string[]; now: number },
): Seen {
  const tasks: Record<string, SeenTask> = {};
  for (const { task, ...row } of rows) {
    const was = before.tasks[task];
    const same = was !== undefined && was.state === row.state && was.restarts === row.restarts;
    tasks[task] = { ...row, since: same ? was.since : now };
  }
  const listed = new Set(rows.map(({ task }) => submissionOf(task)));
  for (const task of new Set([...Object.keys(before.tasks), ...asked])) {
    if (Object.hasOwn(tasks, task)) continue;
    const missed = missingOf(before.tasks[task] ?? unseen(now), now, listed.has(submissionOf(task)));
    if (now - missed.missing!.since < REMEMBERED) tasks[task] = missed;
  }
  return { ...before, at: now, failures: 0, tasks };
}

/** Jobs that squeue showed or should show and does not, and of which it is not known that they have ended. */
export const lostTasks = ({ tasks }: Seen): string[] =>
  Object.entries(tasks).flatMap(([name, { missing, state }]) =>
    missing !== undefined && meaningOf(state, false) !== "ended" ? [name] : [],
  );

/** What is seen after the accounting was asked for jobs that squeue has lost. */
export function seenAccounted(before: Seen, rows: readonly QueueRow[], now: number): Seen {
  const found = rows.map(({ task, ...row }): [string, SeenTask] => {
    const { restarts = 0, missing } = before.tasks[task] ?? {};
    return [task, { ...row, restarts, since: now, missing }];
  });
  return { ...before, accountedAt: now, tasks: { ...before.tasks, ...Object.fromEntries(found) } };
}

/** What is seen after squeue gave no answer: all that was seen before stands. */
export const seenNothing = (before: Seen, now: number): Seen => ({
  ...before,
  at: now,
  failures: before.failures + 1,
});

const isGone = ({ missing }: SeenTask, now: number): boolean =>
  missing !== undefined && missing.looks >= LOOKS && now - missing.since >= GONE_AFTER;

/**
 * Where a task is, by what squeue showed last.
 * @param requeue whether Slurm may start it again
 * @param hasBegun whether its job has printed anything, which each start does first
 */
export function whereOf(
  task: SeenTask | undefined,
  { requeue, hasBegun }: { requeue: boolean; hasBegun: () => boolean },
  now: number,
): Where {
  if (task === undefined) return { state: "unknown", job: "", restarts: 0 };
  const { job, state, reason, node, startsAt, endsAt, restarts, exit, missing } = task;
  const meaning = meaningOf(state, requeue);
  const known = { job, word: state, reason, node, startsAt, endsAt, restarts, exit };
  if (missing === undefined)
    return { ...known, state: meaning, never: meaning === "waiting" ? neverStarts(reason) : undefined };
  // Slurm forgets what has ended after minutes: that it had ended is known.
  if (meaning === "ended") return { ...known, state: "ended" };
  // Of an array's task that is cancelled before it begins Slurm keeps nothing, and goes on listing the others.
  if (missing.withdrawn === true && !hasBegun()) return { ...known, state: "ended", word: CANCELLED };
  const unlisted = { until: missing.since + GONE_AFTER, alive: false };
  return isGone(task, now)
    ? { ...known, state: "ended", word: NOT_FOUND, unlisted }
    : { ...known, state: "unknown", unlisted };
}
