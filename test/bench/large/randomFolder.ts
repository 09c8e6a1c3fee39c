import { closeSync, copyFileSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readConfigFile } from "../../../src/backbone/configFile.ts";
import { FAMILIES } from "../../../src/backbone/families.ts";
import type { BackboneLayout } from "../../../src/backbone/layout.ts";
import { phrase } from "../../../src/base/phrase.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { toBfloat16 } from "../../../src/engine/narrowing.ts";

/** Bytes of a shard, about. */
const SHARD = 2e9;
/** Random values that all matrices are filled with, each from another place on. */
const BLOCK = 2 ** 23;
const DEVIATION = 0.02;

type Tensor = BackboneLayout["weights"][number];
const valuesOf = ({ dims }: Tensor): number => dims.reduce((a, b) => a * b, 1);

/** The tensors by shard. */
function shards(tensors: readonly Tensor[]): Tensor[][] {
  const made: Tensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > SHARD) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1)!.push(tensor);
    bytes += 2 * valuesOf(tensor);
  }
  return made;
}

function header(tensors: readonly Tensor[]): Buffer {
  const entries: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let at = 0;
  for (const tensor of tensors) {
    const bytes = 2 * valuesOf(tensor);
    entries[tensor.name] = { dtype: "BF16", shape: tensor.dims, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

/** Writes `count` values of a block, from a place on, round and round. */
function writeValues(fd: number, block: Uint16Array, from: number, count: number): void {
  for (let done = 0, at = from % block.length; done < count; at = 0) {
    const part = block.subarray(at, Math.min(block.length, at + count - done));
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
    done += part.length;
  }
}

/**
 * Writes a folder with a config and bf16 shards of random matrices; norms are 1. No more than a block is in memory.
 * @param tokenizer a folder whose tokenizer is copied; absent: there is none
 */
export function writeRandomFolder(
  folder: string,
  { config, tokenizer }: { config: Record<string, unknown> & { model_type: string }; tokenizer?: string },
): void {
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  for (const name of tokenizer === undefined ? [] : readdirSync(tokenizer))
    if (/^(tokenizer|special_tokens|spiece)/.test(name)) copyFileSync(join(tokenizer!, name), join(folder, name));
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(config.model_type))!;
  const { layout } = family.read(readConfigFile(folder, phrase``), { has: () => false, isEqual: () => false });
  const random = new MersenneTwister(11);
  const uniform = Float32Array.from({ length: BLOCK }, () => (2 * random.uniform() - 1) * Math.sqrt(3) * DEVIATION);
  const [block, ones] = [toBfloat16(uniform), toBfloat16(new Float32Array(2 ** 16).fill(1))];
  const weightMap: Record<string, string> = {};
  shards(layout.weights).forEach((tensors, i) => {
    const file = `model-${String(i + 1).padStart(5, "0")}.safetensors`;
    const fd = openSync(join(folder, file), "w");
    try {
      writeSync(fd, header(tensors));
      for (const tensor of tensors) {
        weightMap[tensor.name] = file;
        const isNorm = tensor.role === "norm";
        writeValues(fd, isNorm ? ones : block, isNorm ? 0 : Math.floor(BLOCK * random.uniform()), valuesOf(tensor));
      }
    } finally {
      closeSync(fd);
    }
  });
  writeFileSync(
    join(folder, "model.safetensors.index.json"),
    JSON.stringify({ metadata: { total_size: 0 }, weight_map: weightMap }),
  );
}
