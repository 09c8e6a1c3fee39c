import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { batchOf } from "../../models/batchOfRows.ts";
import type { Row } from "../../models/causalReferences.ts";
import { rowsOf } from "../../models/realTexts.ts";
import { writeRandomFolder } from "../large/randomFolder.ts";
import type { OwnEngine } from "./side.ts";
import { randomBatch, sideBatch, type SideBatch } from "./sideFolder.ts";

const CACHE = join(import.meta.dirname, "../../cache");
/** Different batches of a set, which rounds take in turn. */
const BATCHES = 4;

/** How this project computes beside the peer. */
export interface OwnForm {
  /** The memory setting of the engine: "check" is what an experiment has without one, "fast" copies the weights. */
  memory: NonNullable<EngineSpec["memory"]>;
  precision: Precision;
  /** The engine, where it is another than that of processors. */
  engine?: OwnEngine;
}

/** A decoder-only model whose training step is compared, with its batches by the name of their set. */
export interface CausalModel {
  name: string;
  /** The folder, made where it can be; undefined: why there is none. */
  folder: () => string | undefined;
  lacks: string;
  sets: Readonly<Record<string, (folder: string) => Promise<SideBatch[]>>>;
  forms: readonly OwnForm[];
}

const SMOLLM2 = join(CACHE, "smollm2");
const ROWS = 8;

/** Real examples in batches, as training has them: the target with its end token. @param most tokens of a row */
async function realBatches(
  folder: string,
  name: "sst2" | "gsm8k",
  { text, target, most }: { text: string; target: string; most: number },
): Promise<SideBatch[]> {
  const tokenizer = loadTokenizer(folder);
  const ends = (JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as { eos_token_id: number }).eos_token_id;
  const rows: Row[] = [];
  for (const row of rowsOf(name).slice(0, ROWS * BATCHES)) {
    const read = Array.from(await tokenizer.encodeIds(`${row[text]!} Label :`));
    const answer = [...(await tokenizer.encodeIds(` ${row[target]!}`)), ends];
    rows.push({ text: read.slice(0, most), target: answer.slice(0, Math.max(1, most - read.length)) });
  }
  if (rows.length < ROWS * BATCHES) throw new Error(`${name} does not lie beside this checkout`);
  return Array.from({ length: BATCHES }, (_, i) => sideBatch(batchOf(rows.slice(ROWS * i, ROWS * (i + 1)))));
}

/** The published shape of TinyLlama-1.1B. */
const TINY_LLAMA = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 32_000,
  hidden_size: 2048,
  intermediate_size: 5632,
  num_hidden_layers: 22,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  max_position_embeddings: 2048,
  rope_theta: 10_000,
  rms_norm_eps: 1e-5,
  hidden_act: "silu",
  bos_token_id: 1,
  eos_token_id: 2,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};

/** The folder of TinyLlama's shape with random weights, written once: 2.2 GB, and its four bits in the cache. */
function tinyLlama(): string {
  const folder = join(CACHE, "bench/tinyllama-1.1b");
  if (!existsSync(folder)) {
    const half = `${folder}.${process.pid}`;
    mkdirSync(half, { recursive: true });
    writeRandomFolder(half, { config: TINY_LLAMA });
    renameSync(half, folder);
  }
  // Narrow weights are made here, so that no side's peak is that of making them.
  openBackbone(folder, { precision: "int8" });
  openBackbone(folder, { precision: "int4" });
  return folder;
}

export const CAUSAL_MODELS: readonly CausalModel[] = [
  {
    name: "SmolLM2-135M",
    folder: () => (existsSync(SMOLLM2) ? SMOLLM2 : undefined),
    lacks: "test/models/prepare.sh has not made the model",
    sets: {
      sst2: (folder) => realBatches(folder, "sst2", { text: "text", target: "label", most: 64 }),
      gsm8k: (folder) => realBatches(folder, "gsm8k", { text: "question", target: "answer", most: 160 }),
    },
    forms: [
      { memory: "check", precision: "fp32" },
      { memory: "fast", precision: "fp32" },
      { memory: "check", precision: "int8" },
    ],
  },
  {
    name: "TinyLlama-1.1B",
    folder: tinyLlama,
    lacks: "its folder cannot be written",
    // One batch: what is compared is the model's size.
    sets: {
      random: () =>
        Promise.resolve([randomBatch(TINY_LLAMA.vocab_size, { rows: 4, sourceLength: 48, targetLength: 16 })]),
    },
    forms: [
      { memory: "check", precision: "fp32" },
      { memory: "check", precision: "int8" },
      { memory: "check", precision: "int4" },
      { memory: "check", precision: "fp32", engine: "torch-bf16" },
    ],
  },
];
