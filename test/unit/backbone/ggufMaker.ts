import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { GgufFile, GgufTensor } from "../../../src/backbone/gguf/ggufFile.ts";
import { GgufMetadata, type GgufValue } from "../../../src/backbone/gguf/ggufMetadata.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-gguf-made-"));
after(() => {
  rmSync(folder, { recursive: true });
});
let made = 0;

/** Values of the metadata; numbers in a list are an array. */
export type Values = Record<string, GgufValue | readonly number[]>;
/** Tensors by name, each with its dims; or a vector with its values. */
export type Tensors = Record<string, readonly number[] | { values: readonly number[] }>;

const valuesOf = (given: Tensors[string]): readonly number[] | undefined =>
  Array.isArray(given) ? undefined : (given as { values: readonly number[] }).values;

/** The sizes that every architecture of the Llama kind has, without the architecture's name. */
export const SIZES: Values = {
  block_count: 4,
  context_length: 64,
  embedding_length: 32,
  feed_forward_length: 48,
  "attention.head_count": 4,
  "attention.head_count_kv": 2,
  "attention.layer_norm_rms_epsilon": Math.fround(1e-5),
  "rope.freq_base": 500_000,
};

/**
 * What a GGUF file of an architecture says, in F32. Keys with "general." or "tokenizer." stand as they are, others get
 * the architecture's name. Only vectors that are given with values have bytes.
 */
export function ggufOf(architecture: string, values: Values, tensors: Tensors = {}): GgufFile {
  const path = join(folder, `${(made += 1)}.gguf`);
  const metadata = new Map<string, GgufValue>([["general.architecture", architecture]]);
  for (const [key, value] of Object.entries(values)) {
    const whole = /^(general|tokenizer)\./.test(key) ? key : `${architecture}.${key}`;
    const isList = Array.isArray(value) && typeof value[0] === "number";
    metadata.set(whole, isList ? Float64Array.from(value as number[]) : (value as GgufValue));
  }
  const bytes: Buffer[] = [];
  let offset = 0;
  const found = new Map<string, GgufTensor>();
  for (const [name, given] of Object.entries({ "token_embd.weight": [100, 32], ...tensors })) {
    const vector = valuesOf(given);
    const dims = vector === undefined ? [...(given as readonly number[])] : [vector.length];
    const size = 4 * dims.reduce((a, b) => a * b, 1);
    found.set(name, { name, type: "F32", dims, file: path, offset, bytes: size });
    if (vector === undefined) continue;
    bytes.push(Buffer.from(Float32Array.from(vector).buffer));
    offset += size;
  }
  writeFileSync(path, Buffer.concat(bytes));
  return { path, files: [path], size: offset, metadata: new GgufMetadata(path, metadata), tensors: found };
}
