import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readHeader } from "../../src/backbone/files/safetensors.ts";
import { readPosts } from "../../src/run/journal/inbox.ts";
import { missingSteps, readJournal } from "../../src/run/journal/readJournal.ts";
import { JournalTail } from "../../src/run/journal/journalTail.ts";
import { listRuns, readRuns } from "../../src/run/directory/runList.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { readIndex } from "../../src/run/directory/runIndex.ts";
import { unreadableRuns } from "../../src/run/directory/unreadableRuns.ts";
import { checkpointDamage } from "../../src/training/checkpoint.ts";
import { runTroubles } from "../../src/worker/runIntegrity.ts";
import { Dice } from "./dice.ts";
import { DiskModel, type Cut, type FileOperation } from "./diskModel.ts";
import { mustBeWhole } from "./outcome.ts";
import { eventText, promisesOf, type Promised } from "./promises.ts";
import { record, SCENARIOS, type Recording } from "./recording.ts";
import { Amiss, must, type Counter } from "./tally.ts";
import { VARIANTS, Workspace } from "./workspace.ts";

/** The cuts that lose the most in one respect, and a random one. */
const CUTS: Readonly<Record<string, (dice: Dice) => Cut>> = {
  "nothing that was not synced": () => ({ keepsName: () => false, keepsData: () => 0, zeros: () => false }),
  "names, no data": () => ({ keepsName: () => true, keepsData: () => 0, zeros: () => false }),
  "names, zeros for data": () => ({ keepsName: () => true, keepsData: () => 0, zeros: () => true }),
  "data, no names": () => ({ keepsName: () => false, keepsData: () => 1, zeros: () => false }),
  everything: () => ({ keepsName: () => true, keepsData: () => 1, zeros: () => false }),
  "by chance": (dice) => {
    const share = dice.one([0.1, 0.5, 0.9]);
    return {
      keepsName: () => dice.chance(share),
      keepsData: () => dice.one([0, 1, dice.below(1000) / 1000]),
      zeros: () => dice.chance(0.4),
    };
  },
};

/** A power cut after a number of operations. */
export interface Moment {
  after: number;
  how: string;
}
type Left = Map<string, Buffer | undefined>;

function writeState(folder: string, left: Left): void {
  for (const [path, content] of left) {
    const full = join(folder, path);
    if (content === undefined) {
      mkdirSync(full, { recursive: true });
      continue;
    }
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }
}

/** The files of a finished run that must equal those at the end of the recording. */
const RESULTS = /^(adapter\/|analysis\/(predictions-\w+\.jsonl|stability\.json)$)/;

function mustHaveResult(run: RunDirectory, recorded: string): void {
  for (const name of readdirSync(recorded, { recursive: true })
    .map(String)
    .filter((each) => RESULTS.test(each))) {
    must(
      existsSync(join(run.path, name)) && readFileSync(join(run.path, name)).equals(readFileSync(join(recorded, name))),
      "lost",
      `the run has finished, and its ${name} is not there as it was written`,
    );
  }
}

/**
 * Opens what a cut has left, as windows and terminals do, and compares it with what had been acknowledged before the
 * cut.
 */
async function mustHold(folder: string, { runs, place }: Recording, said: readonly Promised[]): Promise<void> {
  const runsDir = join(folder, runs);
  const trash = join(dirname(runsDir), "trash");
  const found = listRuns(runsDir);
  readIndex(runsDir);
  if (existsSync(runsDir)) unreadableRuns(runsDir, new Set(found.map(({ id }) => id)));
  readRuns(runsDir, (run, reason) => {
    must(false, "lost", `run ${run.id}: ${reason}`);
  });
  for (const run of found) await mustBeReadable(run);
  for (const id of new Set(said.map((each) => each.id))) {
    const run = [runsDir, trash]
      .map((parent) => RunDirectory.find(join(parent, id)))
      .find((each) => each !== undefined);
    const own = said.filter((each) => each.id === id);
    must(run !== undefined, "lost", `run ${id} was announced, and is gone`);
    const waiting = readPosts(run!.path).map(({ event }) => event);
    const lines = new Set([...readJournal(run!.path).events, ...waiting].map(eventText));
    const gone = own.find(({ text }) => !lines.has(text));
    must(gone === undefined, "lost", `the journal has lost ${gone?.text}`);
    const saved = own.reduce((last, { event }) => (event.type === "checkpoint" ? event.step : last), -1);
    must(
      saved < 0 ||
        (existsSync(run!.checkpointPath) && Number(readHeader(run!.checkpointPath).metadata["step"]) >= saved),
      "lost",
      `the checkpoint of step ${saved} was said to be saved, and is gone`,
    );
    if (own.some(({ event }) => event.type === "status" && event.status === "finished"))
      mustHaveResult(run!, join(place.folder, runs, id));
    const ignore = join(dirname(runsDir), ".gitignore");
    must(
      !runs.startsWith(".adept/") || (existsSync(ignore) && readFileSync(ignore, "utf8") === "*\n"),
      "corrupt",
      "git does not ignore the runs",
    );
  }
}

async function mustBeReadable(run: RunDirectory): Promise<void> {
  run.experiment();
  new JournalTail(run.path).read();
  await runTroubles(run, undefined);
  const damage = checkpointDamage(run.checkpointPath);
  must(damage === undefined, "corrupt", `its checkpoint is not whole: ${damage}`);
  if (!existsSync(run.checkpointPath)) return;
  const step = Number(readHeader(run.checkpointPath).metadata["step"]);
  const missing = missingSteps(readJournal(run.path).events, step);
  must(missing === 0, "lost", `the checkpoint is of step ${step}, and the journal lacks ${missing} of them`);
}

/**
 * Lets a real worker continue after a cut, to the outcome of an uninterrupted run.
 * @returns false if no run is left
 */
async function mustGoOn(left: Left, after: number, recording: Recording): Promise<boolean> {
  const { operations, base, runs, variant } = recording;
  const folder = mkdtempSync(join(tmpdir(), "adept-cut-"));
  const place = new Workspace(folder, join(folder, runs));
  try {
    cpSync(join(base, "project"), folder, { recursive: true, preserveTimestamps: true });
    const copy = operations.slice(0, after).findLast(({ op }) => op === "git")?.path;
    if (copy !== undefined) {
      rmSync(join(folder, ".git"), { recursive: true });
      cpSync(copy, join(folder, ".git"), { recursive: true, preserveTimestamps: true });
    }
    writeState(folder, left);
    const { run } = place;
    if (run === undefined) return false;
    if (run.record().status !== "finished") {
      const { status, stderr } = await place.adept("resume", run.id, "--runs-dir", runs, "--json");
      must(status === 0, "lost", `it does not go on: ${stderr.slice(-800)}`);
    }
    await mustBeWhole(place, run, variant);
    return true;
  } finally {
    place.remove();
  }
}

/**
 * How many states were made and checked, how many of them differed from all before, and after how many a worker
 * continued.
 */
export interface Tried {
  states: number;
  different: number;
  resumed: number;
}
export interface PowerCuts {
  dice: Dice;
  /** The share of the moments between two operations that is tried. */
  share: number;
  /** After how many states a worker continues. */
  resumes: number;
  counter: Counter;
  /** Selects operations, to simulate a program that omits some. */
  only?: (operation: FileOperation, path: string | undefined) => boolean;
}

/** Returns the selected operations; that of a sync has the path of the synced file. */
function chosen(operations: readonly FileOperation[], only: PowerCuts["only"]): FileOperation[] {
  const open = new Map<string, string>();
  return operations.filter((each) => {
    if (each.op === "open") open.set(`${each.pid} ${each.fd}`, each.path ?? "");
    return only === undefined || only(each, each.fd === undefined ? each.path : open.get(`${each.pid} ${each.fd}`));
  });
}

/**
 * Cuts the power after each operation of a recording, in each way, and checks what is left.
 * @throws Amiss with the moment when something is lost
 */
export async function cutPower(
  recording: Recording,
  { dice, share, resumes, counter, only }: PowerCuts,
): Promise<Tried> {
  const operations = chosen(recording.operations, only);
  const promises = promisesOf(operations);
  const disk = new DiskModel();
  const checked = new Set<string>();
  const tried: Tried = { states: 0, different: 0, resumed: 0 };
  const folder = mkdtempSync(join(tmpdir(), "adept-left-"));
  const going = new Set(
    Array.from({ length: resumes }, () => dice.between(promises[0]?.after ?? 0, operations.length)),
  );
  try {
    for (let after = 0; after <= operations.length; after++) {
      if (after > 0) disk.add(operations[after - 1]!);
      if (!going.has(after) && !dice.chance(share)) continue;
      const said = promises.filter((each) => each.after <= after);
      const goesOn = going.has(after) ? dice.one(Object.keys(CUTS)) : undefined;
      for (const [how, cut] of Object.entries(CUTS)) {
        const left = disk.left(cut(dice));
        const key = keyOf(left, said.length);
        tried.states++;
        if (checked.has(key) && how !== goesOn) continue;
        checked.add(key);
        tried.different++;
        counter.add(`left by a cut: ${how}`);
        try {
          rmSync(folder, { recursive: true, force: true });
          writeState(folder, left);
          await mustHold(folder, recording, said);
          if (how === goesOn && (await mustGoOn(left, after, { ...recording, operations }))) {
            tried.resumed++;
            counter.add(`gone on from: ${how}`);
          }
        } catch (error) {
          throw Object.assign(error as Error, { moment: { after, how } satisfies Moment });
        }
      }
    }
    return tried;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Records a run, cuts its power after each of its operations, and lets a worker continue after some of the cuts.
 * @returns the number of states
 */
export async function powerEpisode(seed: number, episode: number, counter: Counter): Promise<number> {
  const dice = new Dice(seed, "power", episode);
  const recording = await record(SCENARIOS[episode % SCENARIOS.length]!, dice.one(VARIANTS));
  counter.add(`recorded: ${recording.name}`);
  try {
    const { states } = await cutPower(recording, { dice, share: 1, resumes: 10, counter });
    recording.remove();
    return states;
  } catch (error) {
    throw Object.assign(
      error as Error,
      { folder: recording.base },
      error instanceof Amiss && {
        message: `${error.message} (${JSON.stringify((error as { moment?: Moment }).moment)})`,
      },
    );
  }
}

function keyOf(left: Left, said: number): string {
  const hash = createHash("sha1").update(String(said));
  for (const [path, content] of left) hash.update(`\0${path}\0${content?.length ?? "folder"}\0`).update(content ?? "");
  return hash.digest("hex");
}
