import * as z from "zod";
import { Activation } from "../causal/activation.ts";
import { causalArchitecture, type CausalChoices } from "../causal/causalArchitecture.ts";
import type { CausalNames } from "../causal/causalConfig.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { positive, rotationOf, SHARED_KEYS, sharedChoices, sharedConfig } from "../causal/sharedConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const part = z.number().positive().max(1).nullish();
const Config = z.object({
  ...SHARED_KEYS,
  hidden_act: Activation.default("gelu"),
  layer_norm_eps: positive.default(1e-5),
  rotary_emb_base: positive.nullish(),
  rotary_pct: part,
  partial_rotary_factor: part,
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
});

const names = (heads: number): CausalNames => ({
  embedding: "gpt_neox.embed_in.weight",
  layers: "gpt_neox.layers.",
  attention: "attention",
  attentionInput: { kind: "fused", module: "query_key_value", groups: heads, order: ["query", "key", "value"] },
  attentionOutput: "dense",
  feedForward: "mlp",
  feedForwardInput: { kind: "plain", up: "dense_h_to_4h" },
  feedForwardOutput: "dense_4h_to_h",
  norms: { attentionInput: "input_layernorm", feedForwardInput: "post_attention_layernorm" },
  finalNorm: "gpt_neox.final_layer_norm",
  head: "embed_out",
});

function choicesOf(file: ConfigFile, config: z.infer<typeof Config>): CausalChoices {
  const { num_attention_heads: heads, attention_bias: attention } = config;
  const headWidth = config.hidden_size / heads;
  const rope = config.rope_scaling ?? config.rope_parameters ?? {};
  const rotation = rotationOf(file, {
    rope,
    theta: config.rotary_emb_base ?? config.rope_theta,
    headWidth,
    longest: config.max_position_embeddings,
    original: config.original_max_position_embeddings,
    part: rope.partial_rotary_factor ?? config.rotary_pct ?? config.partial_rotary_factor ?? 0.25,
  });
  return {
    ...sharedChoices(file, config, rotation),
    keyValueHeads: heads,
    headWidth,
    scoreFactor: headWidth ** -0.5,
    norm: "layer",
    epsilon: config.layer_norm_eps,
    parallel: config.use_parallel_residual,
    biases: { attentionInput: attention, attentionOutput: attention, feedForward: true, head: false },
    dropout: { embedding: true, sublayers: true },
    names: names(heads),
    defaultTargets: {
      lora: ["query_key_value"],
      ia3: { outputs: ["query_key_value"], inputs: ["dense_4h_to_h"] },
    },
  };
}

/** GPT-NeoX (Black et al. 2022) and Pythia: layer norms, fused queries, keys and values by head, rotation in part. */
export const gptNeox = causalFamily({
  modelTypes: ["gpt_neox"],
  modelClass: "GPTNeoXForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    return causalArchitecture(choicesOf(file, config), {
      tensors,
      tie: config.tie_word_embeddings,
      heads: ["lm_head"],
    });
  },
});
