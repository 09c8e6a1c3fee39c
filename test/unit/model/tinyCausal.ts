import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MersenneTwister } from "../../../src/base/random.ts";
import { readConfigFile } from "../../../src/backbone/configFile.ts";
import { FAMILIES } from "../../../src/backbone/families.ts";
import { writeSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { phrase } from "../../../src/base/phrase.ts";
import { BYTE_VOCABULARY, END, writeByteTokenizer } from "./byteTokenizer.ts";

/** A CodeGen over bytes with two layers. */
export const TINY_CODEGEN = {
  model_type: "codegen",
  vocab_size: BYTE_VOCABULARY,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  n_positions: 1024,
  rotary_dim: 4,
  bos_token_id: END,
  eos_token_id: END,
};

/** A Llama with grouped queries, whose head is its embedding table. */
export const TINY_LLAMA = {
  model_type: "llama",
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  eos_token_id: [2, 5],
  pad_token_id: 0,
  tie_word_embeddings: true,
};

/** Writes a folder with a config and random weights of the tensors that its family reads; norms are about 1. */
export function randomModel(config: Record<string, unknown> & { model_type: string }, seed = 1): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-causal-"));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(config.model_type))!;
  const { layout } = family.read(readConfigFile(folder, phrase``), { has: () => false, isEqual: () => false });
  const random = new MersenneTwister(seed);
  const tensors = layout.weights.map(({ name, dims, role }) => {
    const size = dims.reduce((a, b) => a * b, 1);
    const centre = role === "norm" ? 1 : 0;
    const data = Float32Array.from({ length: size }, () => centre + 0.3 * random.normal());
    return [name, { dims, data }] as const;
  });
  writeSafetensors(join(folder, "model.safetensors"), new Map(tensors));
  return folder;
}

/** A folder of a random Llama with a byte-level tokenizer and a chat template, for which a whole run can be made. */
export function randomChatModel(): string {
  const folder = randomModel({
    ...TINY_LLAMA,
    vocab_size: BYTE_VOCABULARY,
    max_position_embeddings: 512,
    eos_token_id: END,
  });
  writeByteTokenizer(folder);
  return folder;
}
