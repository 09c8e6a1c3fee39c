import * as z from "zod";
import type { MethodSpec } from "./methodSpec.ts";

const rate = z.number().nonnegative().optional();

/** Peak learning rate of each group of tensors; a group that is not given gets its method's default. */
export const LearningRates = z.strictObject({
  prompt: rate.describe("the soft prompt"),
  ffn: rate.describe("ADePT's FFN"),
  constant: rate.describe("ADePT's constant offset"),
  table: rate.describe("ADePT's per-token offsets"),
  ab: rate.describe("DePT's position table"),
  uv: rate.describe("MPT's rank-one factor"),
  lora_A: rate.describe("LoRA: down projection"),
  lora_B: rate.describe("LoRA: up projection"),
  attention: rate.describe("IA3 on keys and values"),
  feedforward: rate.describe("IA3 on the feed-forward input"),
  down: rate.describe("adapters: down projection"),
  up: rate.describe("adapters: up projection"),
  norm: rate.describe("BitFit: biases of norms"),
  linear: rate.describe("BitFit: biases of linear layers"),
  embedding: rate.describe("full: the embedding table"),
  rest: rate.describe("full: all other weights"),
});
export type LearningRateGroup = keyof z.infer<typeof LearningRates>;

const PROMPT = 0.1;

/** The groups that a method's tensors fall into, with their default rates. */
export function defaultRates(method: MethodSpec): Partial<Record<LearningRateGroup, number>> {
  switch (method.kind) {
    case "adept":
      switch (method.variant) {
        case "constant":
          return { prompt: PROMPT, constant: 0.001 };
        case "table":
          return { prompt: PROMPT, table: 0.001 };
        case "hybrid":
          return { prompt: PROMPT, ffn: 0.001, ab: 0.005 };
        default:
          return { prompt: PROMPT, ffn: 0.001 };
      }
    case "dept":
      return { prompt: PROMPT, ab: 0.005 };
    case "pt":
      return { prompt: PROMPT };
    case "mpt":
      return { prompt: PROMPT, uv: 0.005 };
    case "lora":
      return { lora_A: 0.001, lora_B: 0.001 };
    case "ia3":
      return { attention: 0.005, feedforward: 0.005 };
    case "adapter":
      return { down: 0.001, up: 0.001 };
    case "bitfit":
      return { norm: 0.005, linear: 0.005 };
    case "full":
      return { embedding: 0.0003, rest: 0.0003 };
  }
}
