import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { markIfInterrupted } from "../../src/run/interruption/interruptedRuns.ts";
import { JournalTail } from "../../src/run/journal/journalTail.ts";
import { readRecord } from "../../src/run/journal/readJournal.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { isLive } from "../../src/record/record.ts";
import { Dice } from "./dice.ts";
import { mustBeWhole } from "./outcome.ts";
import type { Counter } from "./tally.ts";
import { must } from "./tally.ts";
import { ended, kill, pause, until, VARIANTS, Workspace, type Variant } from "./workspace.ts";
import type { ChildProcess } from "node:child_process";

/**
 * When to kill a process: after a time, at the nth event of a type, while a file is being written, or during a commit.
 */
interface Moment {
  name: string;
  delay: number;
  reached: (run: RunDirectory | undefined, since: number) => boolean;
}

const names = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

type EventTest = (line: { type: string; status?: string }) => boolean;

/** Reached when the journal has got `nth` events that fit. */
function atEvent(fits: EventTest, nth: number): Moment["reached"] {
  let tail: JournalTail | undefined;
  let found = 0;
  return (run, since) => {
    if (run === undefined) return false;
    tail ??= new JournalTail(run.path, since);
    found += tail.read().filter(fits).length;
    return found >= nth;
  };
}

const isType =
  (wanted: string): EventTest =>
  ({ type }) =>
    type === wanted;
const isEvaluating: EventTest = ({ type, status }) => type === "status" && status === "evaluating";
/** git is running while its private index exists. */
const isCommitting = (place: Workspace): boolean => names(join(place.folder, ".git/adept")).length > 0;
const isReplacingCheckpoint: Moment["reached"] = (run) =>
  run !== undefined && names(join(run.path, "checkpoint")).some((name) => name.endsWith(".tmp"));

/** The moments by name. Each draws its delay first, then the event that it waits for. */
const MOMENTS = {
  start: (dice) => ({ delay: dice.below(700), reached: () => true }),
  snapshot: (dice, place) => ({ delay: dice.below(300), reached: () => isCommitting(place) }),
  step: (dice) => ({ delay: dice.below(12), reached: atEvent(isType("step"), dice.between(1, 11)) }),
  checkpoint: (dice) => ({ delay: dice.below(6), reached: atEvent(isType("checkpoint"), dice.between(1, 11)) }),
  temporary: () => ({ delay: 0, reached: isReplacingCheckpoint }),
  evaluating: (dice) => ({ delay: dice.below(120), reached: atEvent(isEvaluating, 1) }),
  result: (dice, place) => {
    const isLater = atEvent(isEvaluating, 1);
    return { delay: dice.below(900), reached: (run, since) => isLater(run, since) && isCommitting(place) };
  },
  end: (dice) => ({ delay: dice.below(30), reached: atEvent(isType("git"), dice.between(1, 2)) }),
} satisfies Record<string, (dice: Dice, place: Workspace) => Omit<Moment, "name">>;

function moment(dice: Dice, place: Workspace): Moment {
  const name = dice.one([
    "start",
    "snapshot",
    "step",
    "step",
    "checkpoint",
    "temporary",
    "evaluating",
    "result",
    "result",
    "end",
  ] as const);
  return { name, ...MOMENTS[name](dice, place) };
}

type Who = "worker" | "worker and its git" | "cli" | "cli and worker" | "window" | "window and worker";

const sizeOf = (run: RunDirectory | undefined): number =>
  run === undefined ? 0 : (statSync(run.eventsPath, { throwIfNoEntry: false })?.size ?? 0);

function started(place: Workspace, by: "cli" | "window" | "worker"): ChildProcess {
  const { run } = place;
  if (run === undefined)
    return place.start(
      by === "worker" ? "cli" : by,
      "train",
      ...(by === "window" ? [place.folder] : []),
      "words.adept.json",
    );
  if (by === "worker") return place.start("worker", "train", run.path, "--folder", place.folder, "--resume");
  return by === "window"
    ? place.start("window", "resume", place.folder, run.path)
    : place.start("cli", "resume", "latest");
}

/** Which process starts or resumes the run, to be killed with the others of `who`. */
function startedBy(who: Who): "cli" | "window" | "worker" {
  if (who.startsWith("cli")) return "cli";
  return who.startsWith("window") ? "window" : "worker";
}

/**
 * Waits for the moment and kills the process.
 * @returns whether the process was still working then
 */
async function killedAt(place: Workspace, who: Who, when: Moment): Promise<boolean> {
  const since = sizeOf(place.run);
  const by = startedBy(who);
  const parent = started(place, by);
  // A window keeps running when its run has ended.
  const isOver = (): boolean =>
    parent.exitCode !== null || (by === "window" && sizeOf(place.run) > since && !isLive(place.run!.record().status));
  if (!(await until(() => isOver() || when.reached(place.run, since)))) throw new Error(`no ${when.name}`);
  await pause(when.delay);
  const worker = place.run?.workerPid;
  const atWork = !isOver();
  if (by === "worker") kill(worker ?? parent.pid, who.endsWith("git"));
  else kill(parent.pid);
  if (who.endsWith("and worker")) kill(worker, true);
  if (by === "window") kill(parent.pid);
  await ended(parent);
  return atWork;
}

/** Checks what other processes see of a killed one: its journal can be read, and exactly one of them marks the run. */
async function mustBeMarkedOnce(place: Workspace): Promise<void> {
  const { run } = place;
  if (run === undefined) return;
  const before = readRecord(run.path).record;
  markIfInterrupted(run, before);
  const { interruptions } = run.record();
  markIfInterrupted(run, run.record());
  must(run.record().interruptions === interruptions, "corrupt", "one death was counted twice");
  must(
    await until(() => place.processes().length === 0),
    "corrupt",
    `processes go on for ever: ${place.processes().join()}`,
  );
}

/**
 * Starts one process, kills it up to four times, lets the run finish, and compares it with an uninterrupted run.
 * @returns the number of kills
 */
export async function killEpisode(seed: number, episode: number, counter: Counter): Promise<number> {
  const dice = new Dice(seed, "kill", episode);
  const variant: Variant = dice.one(VARIANTS);
  const place = Workspace.make(variant);
  const own = place.own();
  const times = dice.between(2, 4);
  let kills = 0;
  try {
    for (let i = 0; i < times; i++) {
      const who = dice.one<Who>([
        "worker",
        "worker",
        "worker and its git",
        "worker and its git",
        "cli",
        "cli and worker",
        "window",
        "window and worker",
      ]);
      const when = moment(dice, place);
      if (place.run?.record().status === "finished") break;
      if (await killedAt(place, who, when)) {
        kills++;
        counter.add(`${who}, at ${when.name}`);
      }
      // A worker outlives whatever started it: wait for its end.
      await until(
        () => place.run?.isWorkerAlive() !== true && (place.run !== undefined || place.processes().length === 0),
      );
      await mustBeMarkedOnce(place);
    }
    await finish(place);
    const run = place.run!;
    await mustBeWhole(place, run, variant);
    must(place.own() === own, "corrupt", "index, HEAD, branches, status or files of the user have changed");
    must(
      await until(() => place.processes().length === 0, 8000),
      "corrupt",
      `processes are left: ${place.processes().join()}`,
    );
    kills += await killedAnalysis(place, dice, counter);
    place.remove();
    return kills;
  } catch (error) {
    throw Object.assign(error as Error, { folder: place.folder });
  }
}

async function finish(place: Workspace): Promise<void> {
  if (place.run?.record().status === "finished") return;
  const done =
    place.run === undefined
      ? await place.adept("train", "words.adept.json", "--json")
      : await place.adept("resume", "latest", "--json");
  must(done.status === 0, "lost", `it does not come to its end: ${done.stderr.slice(-800)}`);
}

/** A killed analysis is repeated completely, and does not change the run. */
async function killedAnalysis(place: Workspace, dice: Dice, counter: Counter): Promise<number> {
  const run = place.run!;
  if (!dice.chance(0.4) || run.experiment().method.kind !== "adept") return 0;
  const child = place.start("worker", "analyse", run.path, "--folder", place.folder, "--only", "offsets");
  await pause(dice.below(1600));
  const killed = child.exitCode === null && kill(child.pid, dice.chance(0.5));
  await ended(child);
  if (killed) counter.add("worker, at analysis");
  const { status, stderr, stdout } = await place.adept("analyse", "latest", "offsets", "--json");
  must(status === 0, "lost", `a killed analysis is not made again: ${stderr}`);
  must(
    (JSON.parse(stdout) as unknown[]).length === 1 && run.record().analyses["offsets"]?.status === "finished",
    "lost",
    "a killed analysis has no result",
  );
  await mustBeWhole(place, run, "adept");
  return killed ? 1 : 0;
}
