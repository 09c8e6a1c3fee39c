import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "./dice.ts";
import { mustBeWhole } from "./outcome.ts";
import type { Counter } from "./tally.ts";
import { must } from "./tally.ts";
import { ended, kill, until, VARIANTS, Workspace, type Variant } from "./workspace.ts";

/** For each variant a project with a finished run and a killed one; damaged states are made of copies of it. */
export interface Templates {
  of: (variant: Variant) => Workspace;
  remove: () => void;
}

export async function tornTemplates(): Promise<Templates> {
  const made = new Map<Variant, Workspace>();
  for (const variant of VARIANTS) {
    const place = Workspace.make(variant);
    await place.adept("train", "words.adept.json", "--json");
    const whole = place.run!;
    const child = place.start("cli", "train", "words.adept.json");
    await until(() => place.run!.id !== whole.id && (place.run!.record().checkpointStep ?? 0) >= 6);
    kill(place.run!.workerPid);
    await ended(child);
    made.set(variant, place);
  }
  return {
    of: (variant) => made.get(variant)!,
    remove: () => {
      for (const place of made.values()) place.remove();
    },
  };
}

/** The ways in which a power cut or a bad disk can damage a file. */
const DAMAGES: Readonly<Record<string, (bytes: Buffer, dice: Dice) => Buffer>> = {
  "cut off": (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
  "cut off near its end": (bytes, dice) => bytes.subarray(0, Math.max(0, bytes.length - dice.below(300))),
  "a bit turned": (bytes, dice) => turned(bytes, dice, 0, 1),
  "bits turned in its tail": (bytes, dice) => turned(bytes, dice, Math.max(0, bytes.length - 400), dice.between(2, 40)),
  "zeros at its end": (bytes, dice) =>
    Buffer.concat([
      bytes.subarray(0, bytes.length - dice.below(Math.min(600, bytes.length))),
      Buffer.alloc(dice.between(1, 4096)),
    ]),
  "zeros within": (bytes, dice) => {
    const copy = Buffer.from(bytes);
    const at = dice.below(copy.length);
    return copy.fill(0, at, Math.min(copy.length, at + dice.between(1, 4096)));
  },
  "other bytes at its end": (bytes, dice) =>
    Buffer.concat([bytes, Buffer.from(Array.from({ length: dice.between(1, 500) }, () => dice.below(256)))]),
  empty: () => Buffer.alloc(0),
};

function turned(bytes: Buffer, dice: Dice, from: number, times: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < times && copy.length > from; i++) {
    const at = from + dice.below(copy.length - from);
    copy[at] = copy[at]! ^ (1 << dice.below(8));
  }
  return copy;
}

/**
 * Damages files of an unfinished run. The other run must not change, and this one must reach the outcome of an
 * uninterrupted one.
 */
export async function tornEpisode(
  templates: Templates,
  { seed, episode }: { seed: number; episode: number },
  counter: Counter,
): Promise<number> {
  const dice = new Dice(seed, "torn", episode);
  const variant = dice.one(VARIANTS);
  const folder = mkdtempSync(join(tmpdir(), "adept-torn-"));
  const place = new Workspace(folder);
  try {
    cpSync(templates.of(variant).folder, folder, { recursive: true, preserveTimestamps: true });
    const run = place.run!;
    const path = { journal: run.eventsPath, checkpoint: run.checkpointPath };
    const files = dice.one<(keyof typeof path)[]>([["journal"], ["checkpoint"], ["journal", "checkpoint"]]);
    for (const file of files) {
      const how = dice.one(Object.keys(DAMAGES));
      writeFileSync(path[file], DAMAGES[how]!(readFileSync(path[file]), dice));
      counter.add(`${file}: ${how}`);
    }
    for (const [name, content] of [
      ["lease", dice.one(["", "{", '{"pid":1}'])],
      ["../../index.json", '{"shape":'],
      ["checkpoint/state.safetensors.1.tmp", "left"],
      ["control", "stop"],
    ] as const)
      if (dice.chance(0.25)) writeFileSync(join(run.path, name), content);
    const listed = await place.adept("runs", "list", "--json");
    must(listed.status === 0, "lost", `the list of runs fails: ${listed.stderr}`);
    const records = JSON.parse(listed.stdout) as { id: string; status: string }[];
    must(
      records.length === 2 && records.some(({ id, status }) => id !== run.id && status === "finished"),
      "lost",
      `the other run is hidden: ${listed.stdout.slice(0, 300)}`,
    );
    const resumed = await place.adept("resume", run.id, "--json");
    must(resumed.status === 0, "lost", `it does not go on: ${resumed.stderr.slice(-800)}`);
    await mustBeWhole(place, run, variant, files.includes("journal"));
    must(!existsSync(join(run.path, "checkpoint/state.safetensors.1.tmp")), "corrupt", "what a writer left stays");
    rmSync(folder, { recursive: true, force: true });
    return 1;
  } catch (error) {
    throw Object.assign(error as Error, { folder });
  }
}
