import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { readHeader, readSafetensors, writeSafetensors, type Tensors } from "../backbone/safetensors.ts";
import { UserError } from "../experiment/errors.ts";
import type { AdamState } from "./adamw.ts";
import type { LoopState } from "./loop.ts";
import type { Parameters } from "./model.ts";

const whole = z.coerce.number().int().nonnegative();
/** What a checkpoint says of itself beside its tensors. */
const Metadata = z.object({ step: whole, updates: whole, sha256: z.string(), best: z.string().default("null").transform((text): unknown => JSON.parse(text)).pipe(z.object({ step: z.number().int().nonnegative(), score: z.number() }).nullable()) });

function digest(tensors: Tensors): string {
  const hash = createHash("sha256");
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
    tensors.set(`parameters/${name}`, { dims, data }).set(`m/${name}`, { dims, data: m }).set(`v/${name}`, { dims, data: v });
  }
  for (const [name, { dims, data }] of state.best?.parameters ?? []) tensors.set(`best/${name}`, { dims, data });
  return tensors;
}

/**
 * Saves the whole state as one safetensors file, atomically: whoever reads sees the old one or the new one, whole.
 * @throws UserError if the disk is full
 */
export function saveCheckpoint(path: string, state: LoopState): void {
  const tensors = stateTensors(state);
  const { step, best } = state;
  mkdirSync(dirname(path), { recursive: true });
  writeSafetensors(path, tensors, {
    format: "adept-checkpoint-1", step: String(step), updates: String(state.adam.t), sha256: digest(tensors),
    best: JSON.stringify(best ? { step: best.step, score: best.score } : null),
  });
}

function named(tensors: Tensors, prefix: string, like: Parameters): Parameters {
  return new Map([...like].map(([name, tensor]) => {
    const stored = tensors.get(`${prefix}/${name}`);
    if (!stored || stored.data.length !== tensor.data.length) throw new Error(`${prefix}/${name} is missing or has another size`);
    return [name, { ...tensor, data: stored.data }];
  }));
}

/**
 * The saved state, verified against its digest; undefined if there is none yet.
 * @param like the run's initial parameters: names, sizes and groups
 * @throws UserError if the file is damaged or belongs to another experiment
 */
export function loadCheckpoint(path: string, like: Parameters): LoopState | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { step, updates, sha256, best } = Metadata.parse(readHeader(path).metadata), tensors = readSafetensors(path);
    if (sha256 !== digest(tensors)) throw new Error("its content does not match its digest");
    const first = named(tensors, "m", like);
    const second = named(tensors, "v", like);
    const adam: AdamState = { t: updates, moments: new Map([...like.keys()].map((name) => [name, { m: first.get(name)!.data, v: second.get(name)!.data }])) };
    return { step, parameters: named(tensors, "parameters", like), adam, best: best ? { ...best, parameters: named(tensors, "best", like) } : undefined };
  } catch (error) {
    throw new UserError(`The checkpoint ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}.`, "Start the experiment again as a new run.");
  }
}
