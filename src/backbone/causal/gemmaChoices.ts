import * as z from "zod";
import type { ConfigFile } from "../configFile.ts";
import { Activation } from "./activation.ts";
import type { CausalChoices } from "./causalArchitecture.ts";
import type { LayerChoice, Rotation } from "./causalConfig.ts";
import { LayerTypes } from "./layerTypes.ts";
import { LLAMA_NAMES, positive, SHARED_KEYS, sharedChoices, size } from "./sharedConfig.ts";

/** The keys that configs of Gemma 2 and 3 share, besides those of the Llama kind. */
export const GEMMA_KEYS = {
  ...SHARED_KEYS,
  num_key_value_heads: size.default(4),
  head_dim: size.default(256),
  // Old files also have hidden_act, which transformers does not read.
  hidden_act: z
    .unknown()
    .optional()
    .transform((): "gelu-tanh" => "gelu-tanh"),
  hidden_activation: Activation.default("gelu-tanh"),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: positive.default(256),
  sliding_window: size.nullable().default(4096),
  layer_types: LayerTypes,
};
type GemmaKeys = Omit<z.infer<z.ZodObject<typeof GEMMA_KEYS>>, "rope_parameters">;

/** What a Gemma computes with its own layers and rotations. */
export interface GemmaParts {
  layers: LayerChoice[];
  rotations: [Rotation, ...Rotation[]];
}

/**
 * The choices that Gemma 2 and 3 share: norms times 1 + weight, of each sublayer's input and of its output; embeddings
 * times the square root of the width, which transformers rounds to fp32.
 */
export function gemmaChoices(file: ConfigFile, config: GemmaKeys, { layers, rotations }: GemmaParts): CausalChoices {
  const { attention_bias: attention } = config;
  return {
    ...sharedChoices(file, config, rotations[0]),
    layers,
    rotations,
    norm: "rms-one",
    activation: config.hidden_activation,
    scoreFactor: config.query_pre_attn_scalar ** -0.5,
    embeddingScale: Math.fround(Math.sqrt(config.hidden_size)),
    biases: { attentionInput: attention, attentionOutput: attention, feedForward: false, head: false },
    names: {
      ...LLAMA_NAMES,
      norms: {
        attentionInput: "input_layernorm",
        attentionOutput: "post_attention_layernorm",
        feedForwardInput: "pre_feedforward_layernorm",
        feedForwardOutput: "post_feedforward_layernorm",
      },
    },
    defaultTargets: { lora: ["q_proj", "v_proj"], ia3: { outputs: ["q_proj", "v_proj"], inputs: ["down_proj"] } },
  };
}
