import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../../src/record/events.ts";
import { isOver } from "../../src/record/record.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { readPosts } from "../../src/run/journal/inbox.ts";
import { journalPath } from "../../src/run/journal/journalLines.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import type { Marks } from "./clusterBlows.ts";
import { must, type Counter } from "./tally.ts";

/** What a run says that the product submits no more, with what helps; docs/slurm.md tells when. */
const GIVEN_UP = /for the second time (without a checkpoint|before it made a step)|as those before it/;
/** The longest (ms) that a task may take to end after scancel: KillWait, and that Slurm is told. */
const CANCELLED_WITHIN = 30_000;

const NEVER: Marks = {};

/** Checks that a run has ended as what was done to it lets one expect, before anybody resumes it. */
export function mustHaveEnded(
  run: RunDirectory,
  { marks = NEVER, isForgetful, counter }: { marks?: Marks | undefined; isForgetful: boolean; counter: Counter },
): void {
  const { status, message = "", updatedAt } = run.record();
  const what = `run ${run.id} is ${status}: ${message}`;
  if (status === "failed" && GIVEN_UP.test(message)) {
    counter.add("given up, with its remedy");
    return;
  }
  if (status === "failed" && marks.isKilled === true) {
    must(/exit code -9/.test(message), "lost", `${what}, and its script was killed`);
    counter.add("failed, as its script was killed; resumed");
    return;
  }
  if (status === "stopped" && marks.isKilled === true) {
    // Slurm cancels a job that waits when it is told to kill it.
    must(/cancelled/.test(message), "lost", `${what}, and its script was killed`);
    counter.add("stopped, as Slurm was told to kill it while it waited; resumed");
    return;
  }
  const { cancelledAt = Infinity } = marks;
  if (marks.isAsked !== true) {
    must(status === "finished", "lost", what);
    return;
  }
  must(status === "stopped" || status === "finished", "lost", `${what}, and it was cancelled`);
  if (status === "stopped") {
    must(/cancelled/.test(message), "lost", what);
    counter.add("stopped by Slurm's word; resumed");
    return;
  }
  // A controller that is killed may have forgotten what it was told.
  must(
    isForgetful || updatedAt - cancelledAt < CANCELLED_WITHIN,
    "corrupt",
    `${what} ${updatedAt - cancelledAt} ms after it was cancelled`,
  );
  counter.add("finished: cancelled at its end, or by a word that a killed controller forgot");
}

/** Checks that no line of a journal is torn, and that after its end a run says nothing more. */
function mustBeEnded(run: RunDirectory): readonly RunEvent[] {
  const { events, bad } = readJournal(run.path);
  must(bad === 0, "corrupt", `run ${run.id}: ${bad} lines of its journal are damaged`);
  must(readFileSync(journalPath(run.path), "utf8").endsWith("\n"), "corrupt", `run ${run.id}: its last line is torn`);
  let end: string | undefined;
  for (const event of events) {
    if (event.type === "annotated") continue;
    // A person resumes what was stopped or has failed.
    if (event.type === "status" && event.status === "queued" && end !== "finished") end = undefined;
    const text = event.type === "status" ? `status ${event.status}` : event.type;
    must(end === undefined, "corrupt", `run ${run.id}: ${text} after it was ${end}`);
    if (event.type === "status" && isOver(event.status)) end = event.status;
  }
  return events;
}

/**
 * Checks that one start at a time has written: each goes on from the last checkpoint, makes step after step, and says
 * nothing once a later one has begun.
 */
function mustBeOneByOne(run: RunDirectory, events: readonly RunEvent[]): void {
  const losses = new Map<number, number>();
  let start = 0;
  let saved = 0;
  let at: number | undefined;
  for (const event of events) {
    if (event.type === "status" && event.start !== undefined) {
      must(event.start >= start, "corrupt", `run ${run.id}: start ${event.start} writes after start ${start}`);
      must(
        event.status !== "preparing" || event.start > start,
        "corrupt",
        `run ${run.id}: start ${event.start} began twice`,
      );
      if (event.start > start) at = undefined;
      ({ start } = event);
    } else if (event.type === "checkpoint") saved = event.step;
    else if (event.type === "step") {
      const { step, loss } = event;
      // Its checkpoint may be there before the journal says so.
      const isNext = at === undefined ? step > saved && (step === 1 || losses.has(step - 1)) : step === at + 1;
      must(isNext, "corrupt", `run ${run.id}: step ${step} of start ${start} after ${at ?? `checkpoint ${saved}`}`);
      must((losses.get(step) ?? loss) === loss, "corrupt", `run ${run.id}: step ${step} twice, with other losses`);
      losses.set(step, loss);
      at = step;
    }
  }
}

/** Checks that every note that was taken is there, once, in order. */
function mustHaveNotes(run: RunDirectory, events: readonly RunEvent[], notes: readonly string[]): void {
  const taken = new Set(events.flatMap(({ posted }) => posted ?? []));
  const waiting = readPosts(run.path).filter(({ id }) => !taken.has(id));
  const kept = [...events, ...waiting.map(({ event }) => event)].flatMap((event) =>
    event.type === "annotated" && event.note !== undefined ? [event.note] : [],
  );
  const lost = notes.filter((note) => !kept.includes(note));
  must(lost.length === 0, "lost", `run ${run.id}: of ${notes.length} notes these are gone: ${lost.join(", ")}`);
  must(
    JSON.stringify(kept) === JSON.stringify(notes),
    "corrupt",
    `run ${run.id}: notes ${kept.join(", ")} instead of ${notes.join(", ")}`,
  );
}

/** Checks what a run's journal tells of its starts, its end, and the notes that were written beside it. */
export function mustBeInOrder(run: RunDirectory, notes: readonly string[]): void {
  const events = mustBeEnded(run);
  mustBeOneByOne(run, events);
  mustHaveNotes(run, events, notes);
}

/** Checks that a run is finished, with every step, and with the tensors of the unbroken run of its seed. */
export function mustBeUnbroken(run: RunDirectory, expected: ReadonlyMap<number, Buffer>, steps: number): void {
  const { status, message, seed } = run.record();
  must(status === "finished", "lost", `run ${run.id} is ${status}: ${message}`);
  const made = new Set(readJournal(run.path).events.flatMap((event) => (event.type === "step" ? [event.step] : [])));
  must(made.size === steps, "lost", `run ${run.id}: ${made.size} of ${steps} steps are in its journal`);
  must(
    expected.get(seed)!.equals(readFileSync(join(run.adapterPath, "adapter_model.safetensors"))),
    "corrupt",
    `run ${run.id}: its tensors are not those of an unbroken run`,
  );
}
