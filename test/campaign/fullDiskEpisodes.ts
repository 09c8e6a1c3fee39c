// Episodes on a small disk. Usage: fullDiskEpisodes.ts FOLDER RESULT SEED FROM COUNT ISDISK. If ISDISK is set, mounts
// the disk at FOLDER first.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isLive } from "../../src/record/record.ts";
import { Dice } from "./dice.ts";
import { mustBeWhole } from "./outcome.ts";
import { Amiss, Counter, must, type Finding } from "./tally.ts";
import { ended, until, VARIANTS, Workspace, type Said, type Variant } from "./workspace.ts";

const [folder = "", result = "", seed = "1", from = "0", count = "0", isDisk = "false"] = process.argv.slice(2);
const counter = new Counter();
const findings: Finding[] = [];
const BALLAST = join(folder, "ballast");
if (isDisk === "true") execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "none", folder]);

const free = (): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Fills the disk, up to some free bytes. */
function fill(left: number): void {
  const fd = openSync(BALLAST, "a");
  const chunk = Buffer.alloc(4096);
  try {
    while (free() >= left + chunk.length) writeSync(fd, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(fd);
  }
}

/** Whether a message about a full disk says that the disk is full. */
const isClear = (text: string): boolean => /disk is full|no space left/i.test(text);

async function train(place: Workspace, dice: Dice): Promise<Said | undefined> {
  if (dice.chance(0.5)) {
    counter.add("little space from the start");
    fill(dice.below(64) * 4096);
    return place.adept("train", "words.adept.json", "--json");
  }
  // The disk fills while the run is in training.
  const child = place.start("cli", "train", "words.adept.json");
  const step = dice.below(12);
  const before = place.run?.id;
  const left = dice.below(12) * 4096;
  counter.add(
    dice.chance(0.5) ? "the disk fills during training" : "the disk fills during training, to the last block",
  );
  await until(
    () =>
      child.exitCode !== null ||
      (place.run !== undefined && place.run.id !== before && (place.run.record().lastStep?.step ?? -1) >= step),
  );
  fill(left);
  await ended(child);
  return undefined;
}

const templates = new Map<Variant, Workspace>();

/** Creates a project with a finished run, outside the small disk. */
async function template(variant: Variant): Promise<Workspace> {
  const known = templates.get(variant) ?? Workspace.make(variant);
  if (!templates.has(variant)) await known.adept("train", "words.adept.json", "--json");
  templates.set(variant, known);
  return known;
}

async function episode(number: number): Promise<void> {
  const dice = new Dice(Number(seed), "full", number);
  const variant: Variant = dice.one(VARIANTS);
  const place = new Workspace(mkdtempSync(join(folder, "adept-campaign-")));
  cpSync((await template(variant)).folder, place.folder, { recursive: true, preserveTimestamps: true });
  const whole = place.run!;
  const own = place.own();
  const said = await train(place, dice);
  const run = place.run!.id === whole.id ? undefined : place.run;
  const listed = await place.adept("runs", "list", "--json");
  must(listed.status === 0, "unclear", `on a full disk the list of runs fails: ${listed.stderr.slice(-500)}`);
  await mustBeWhole(place, whole, variant);
  if (run === undefined) {
    counter.add("the run was not made");
    must(
      said === undefined || (said.status === 1 && isClear(said.stderr) && !said.stderr.includes("    at ")),
      "unclear",
      `a run that could not be made: ${said?.stderr.slice(-500)}`,
    );
  } else if (run.record().status === "finished") {
    counter.add(run.record().resultCommit === undefined ? "the run finished, without its commit" : "the run finished");
    must(
      run.record().resultCommit !== undefined || isClear(run.record().gitMessage ?? ""),
      "unclear",
      `no commit, and no word of space: ${run.record().gitMessage}`,
    );
  } else {
    const { status, error } = run.record();
    counter.add(
      error === undefined
        ? `the run was left ${isLive(status) ? "without a word" : status}`
        : "the run said that the disk is full",
    );
    must(error === undefined || isClear(error.message), "unclear", `it says: ${error?.message}`);
    must(said === undefined || isClear(said.stderr), "unclear", `the terminal says: ${said?.stderr.slice(-500)}`);
  }
  truncateSync(BALLAST);
  await goOn(place, run, variant);
  must(place.own() === own, "corrupt", "index, HEAD, branches, status or files of the user have changed");
  place.git("fsck", "--full");
  must(place.processes().length === 0, "corrupt", "processes are left");
}

/** Frees the space and checks that the run can continue. */
async function goOn(place: Workspace, run: Workspace["run"], variant: Variant): Promise<void> {
  if (run === undefined || run.record().resultCommit === undefined) {
    const { status, stderr } =
      run === undefined
        ? await place.adept("train", "words.adept.json", "--json")
        : await place.adept("resume", run.id, "--json");
    must(status === 0, "lost", `with space again it does not go on: ${stderr.slice(-800)}`);
  }
  await mustBeWhole(place, place.run!, variant);
}

let stop = false;
let done = 0;
process.on("SIGTERM", () => {
  stop = true;
});
for (let at = Number(from); done < Number(count) && !stop; at++, done++) {
  try {
    await episode(at);
  } catch (error) {
    findings.push({
      kind: error instanceof Amiss ? error.kind : "lost",
      episode: `--seed ${seed} --from ${at} (full)`,
      what: error instanceof Amiss ? error.message : String((error as Error).stack),
    });
    console.log(`  ${findings.at(-1)!.kind}: ${findings.at(-1)!.episode}: ${findings.at(-1)!.what}`);
  }
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  if (done % 10 === 9) console.log(`  full: ${done + 1} of ${count}`);
}
for (const each of templates.values()) each.remove();
writeFileSync(result, JSON.stringify({ episodes: done, tried: counter.tried, findings }));
