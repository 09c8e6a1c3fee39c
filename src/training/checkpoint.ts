import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { readHeader, readSafetensors, writeSafetensors, type Tensors } from "../backbone/files/safetensors.ts";
import { UserError, causeOf, phraseOf } from "../base/errors.ts";
import { explainWrite, makeFolder, removeTemporaries, syncFolder } from "../base/files/atomicFile.ts";
import type { AdamState } from "./optimiser/adamw.ts";
import { phrase, type Phrase, english } from "../base/phrase.ts";
import type { LoopState } from "./loop.ts";
import type { Parameters } from "../method/parameters.ts";

/** The format of the first version, whose digest covers only the tensors. */
const FIRST = "adept-checkpoint-1";
const FORMAT = "adept-checkpoint-2";
/** The number of attempts to read a checkpoint that a worker replaces meanwhile. */
const READS = 20;
const count = z.string().regex(/^\d{1,15}$/);
const Metadata = z.object({
  format: z.enum([FIRST, FORMAT]),
  step: count,
  updates: count,
  best: z.string(),
  sha256: z.string(),
});
type Metadata = z.output<typeof Metadata>;
const Best = z.object({ step: z.number().int().nonnegative(), score: z.number() }).nullable();

function digest(tensors: Tensors, { format, step, updates, best }: Omit<Metadata, "sha256">): string {
  const hash = createHash("sha256");
  if (format !== FIRST) hash.update(JSON.stringify([step, updates, best]));
  for (const name of [...tensors.keys()].sort()) {
    const { data } = tensors.get(name)!;
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

function stateTensors(state: LoopState): Tensors {
  const tensors: Tensors = new Map();
  for (const [name, { dims, data }] of state.parameters) {
    const { m, v } = state.adam.moments.get(name)!;
    tensors
      .set(`parameters/${name}`, { dims, data })
      .set(`m/${name}`, { dims, data: m })
      .set(`v/${name}`, { dims, data: v });
  }
  for (const [name, { dims, data }] of state.best?.parameters ?? []) tensors.set(`best/${name}`, { dims, data });
  return tensors;
}

/**
 * Saves the whole state as one safetensors file, atomically: a reader gets the old file or the new one, whole.
 * @throws UserError where the disk is full
 */
export function saveCheckpoint(path: string, state: LoopState): void {
  const tensors = stateTensors(state);
  const { step, best } = state;
  const folder = dirname(path);
  const about = {
    format: FORMAT,
    step: String(step),
    updates: String(state.adam.t),
    best: JSON.stringify(best ? { step: best.step, score: best.score } : null),
  } as const;
  try {
    makeFolder(folder);
    writeSafetensors(path, tensors, { ...about, sha256: digest(tensors, about) });
    syncFolder(folder);
  } catch (error) {
    if (existsSync(folder)) removeTemporaries(folder);
    throw explainWrite(error, path);
  }
}

function named(tensors: Tensors, prefix: string, like: Parameters): Parameters {
  return new Map(
    [...like].map(([name, tensor]) => {
      const stored = tensors.get(`${prefix}/${name}`);
      if (!stored || stored.data.length !== tensor.data.length)
        throw new Error(`${prefix}/${name} is missing or has another size`);
      return [name, { ...tensor, data: stored.data }];
    }),
  );
}

interface Opened {
  tensors: Tensors;
  metadata: Metadata;
}

/** The version of a format that is newer than those known here; undefined for any other. */
function newerFormat(format: string | undefined): number | undefined {
  const version = Number(/^adept-checkpoint-(\d+)$/.exec(format ?? "")?.[1]);
  return version > 2 ? version : undefined;
}

/**
 * Reads a checkpoint. A worker may replace it during the read, which mixes two files; then it is read again, up to
 * READS times.
 */
function open(path: string): Opened | { damage: Phrase } | { newer: number } {
  const which = (): string => {
    const entry = statSync(path, { throwIfNoEntry: false });
    return entry === undefined ? "" : `${entry.ino} ${entry.mtimeMs} ${entry.size}`;
  };
  for (let attempt = 1; ; attempt++) {
    const before = which();
    const opened = openOnce(path);
    if (!("damage" in opened) || attempt === READS || which() === before) return opened;
  }
}

/**
 * Reads a checkpoint and verifies its digest; returns what is wrong with it, or its version where that is newer than
 * this program.
 */
function openOnce(path: string): Opened | { damage: Phrase } | { newer: number } {
  try {
    const { metadata: raw } = readHeader(path);
    const newer = newerFormat(raw["format"]);
    if (newer !== undefined) return { newer };
    const tensors = readSafetensors(path);
    const { data: metadata } = Metadata.safeParse(raw);
    if (metadata === undefined) return { damage: phrase`its description is damaged` };
    return metadata.sha256 === digest(tensors, metadata)
      ? { tensors, metadata }
      : { damage: phrase`its content does not match its digest` };
  } catch (error) {
    // A truncated file gives a RangeError; any other error is a bug.
    if (!(error instanceof UserError || error instanceof RangeError)) throw error;
    return { damage: phraseOf(error) };
  }
}

/** The version of a checkpoint that only a newer ADePT Lab can read; undefined for any other. */
export function newerCheckpoint(path: string): number | undefined {
  const opened = existsSync(path) ? open(path) : undefined;
  return opened !== undefined && "newer" in opened ? opened.newer : undefined;
}

/** What is wrong with a checkpoint's file; undefined where it is whole, of a newer version, or absent. */
export function checkpointDamage(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const opened = open(path);
  return "damage" in opened ? english(opened.damage) : undefined;
}

/** The path that a damaged checkpoint is moved to, for inspection. */
export const asidePath = (path: string): string => join(dirname(path), `damaged-${basename(path)}`);

/**
 * Loads the saved state, verified against its digest.
 * @param like the run's initial parameters: names, sizes and groups
 * @returns undefined where there is no checkpoint; `damage` where the file is damaged
 * @throws UserError where it belongs to another experiment, or is of a newer version
 */
export function loadCheckpoint(path: string, like: Parameters): LoopState | { damage: Phrase } | undefined {
  if (!existsSync(path)) return undefined;
  const opened = open(path);
  if ("newer" in opened)
    throw new UserError(
      "checkpoint-of-newer-version",
      phrase`The checkpoint ${path} was written by a newer ADePT Lab (checkpoint version ${opened.newer})`,
      phrase`Update ADePT Lab, then resume the run. If no newer one was ever at work here, the file is damaged: remove the file, and the run begins anew.`,
    );
  if ("damage" in opened) return opened;
  const { tensors, metadata } = opened;
  try {
    const first = named(tensors, "m", like);
    const second = named(tensors, "v", like);
    const best = Best.parse(JSON.parse(metadata.best));
    const adam: AdamState = {
      t: Number(metadata.updates),
      moments: new Map([...like.keys()].map((name) => [name, { m: first.get(name)!.data, v: second.get(name)!.data }])),
    };
    return {
      step: Number(metadata.step),
      parameters: named(tensors, "parameters", like),
      adam,
      best: best ? { ...best, parameters: named(tensors, "best", like) } : undefined,
    };
  } catch (error) {
    throw new UserError(
      "checkpoint-unusable",
      phrase`The checkpoint ${path} cannot be used: ${causeOf(error)}.`,
      phrase`Start the experiment again as a new run.`,
    );
  }
}
