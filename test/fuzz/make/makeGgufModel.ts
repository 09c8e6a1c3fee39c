import type { Written } from "../../unit/backbone/ggufBytes.ts";
import { tinyGguf } from "../../unit/backbone/tinyGguf.ts";
import type { Random } from "../random.ts";
import { makeTemplate } from "./makeTemplate.ts";

const ARCHITECTURES = [
  "llama",
  "qwen2",
  "qwen3",
  "gemma2",
  "gemma3",
  "phi3",
  "gpt2",
  "gptneox",
  "olmo2",
  "smollm3",
  "t5",
];
const SIZES = [
  "block_count",
  "context_length",
  "embedding_length",
  "feed_forward_length",
  "attention.head_count",
  "attention.head_count_kv",
  "attention.key_length",
  "attention.sliding_window",
  "rope.dimension_count",
  "rope.freq_base",
  "rope.scaling.type",
  "rope.scaling.factor",
  "final_logit_softcapping",
  "vocab_size",
];
const TOKENIZER = [
  "model",
  "pre",
  "tokens",
  "token_type",
  "scores",
  "merges",
  "bos_token_id",
  "eos_token_id",
  "eot_token_id",
  "padding_token_id",
  "unknown_token_id",
  "add_bos_token",
  "add_eos_token",
  "add_space_prefix",
  "remove_extra_whitespaces",
  "precompiled_charsmap",
].map((name) => `tokenizer.ggml.${name}`);
const NUMBERS = [0, 1, 2, 3, 7, 16, 32, 255, 256, 257, 4096, 2 ** 31, -1, 0.5];
const WORDS = [
  "gpt2",
  "llama",
  "t5",
  "bert",
  "gpt-2",
  "llama-bpe",
  "qwen2",
  "default",
  "yarn",
  "linear",
  "a",
  "",
  "\u0120",
];

function value(random: Random): Written {
  switch (random.below(6)) {
    case 0:
      return random.chance(0.5);
    case 1:
      return random.one(WORDS);
    case 2:
      return Array.from({ length: random.below(300) }, () => random.one(NUMBERS.filter(Number.isInteger)));
    case 3:
      return Array.from({ length: random.below(300) }, (_, i) => `${random.one(WORDS)}${random.chance(0.9) ? i : ""}`);
    default:
      return random.one(NUMBERS);
  }
}

/** A model whose metadata has a template, and some keys with other values. */
export function makeGgufModel(random: Random): Buffer {
  const architecture = random.chance(0.6) ? "llama" : random.one(ARCHITECTURES);
  const { chat_template: template } = JSON.parse(makeTemplate(random).toString()) as { chat_template: string };
  const keys = [...SIZES.map((name) => `${architecture}.${name}`), ...TOKENIZER];
  const changes = Array.from({ length: random.below(3) }, () => [random.one(keys), value(random)] as const);
  return tinyGguf(architecture, { "tokenizer.chat_template": template, ...Object.fromEntries(changes) });
}
