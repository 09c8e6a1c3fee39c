import { AS_IS, type GgufArchitecture } from "../ggufArchitecture.ts";

/** The layers that GPT-2 has as (in, out). */
const CONVOLUTIONS = ["attn_qkv", "attn_output", "ffn_up", "ffn_down"];

/** GPT-2. `feed_forward_length` is always four times the width, whatever the model has, so the tensor decides. */
export const gpt2: GgufArchitecture = {
  name: "gpt2",
  reads: [],
  config: (facts) => ({
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: facts.rows("token_embd.weight"),
    n_positions: facts.rows("position_embd.weight"),
    n_ctx: facts.rows("position_embd.weight"),
    n_embd: facts.needed("embedding_length"),
    n_layer: facts.needed("block_count"),
    n_head: facts.needed("attention.head_count"),
    n_inner: facts.rows("blk.0.ffn_up.weight"),
    activation_function: "gelu_new",
    layer_norm_epsilon: facts.neededDecimal("attention.layer_norm_epsilon"),
    tie_word_embeddings: facts.isTied,
    ...facts.specialTokens,
  }),
  modules: {
    token_embd: "transformer.wte",
    position_embd: "transformer.wpe",
    output_norm: "transformer.ln_f",
    output: "lm_head",
  },
  stacks: (config) => [
    {
      from: "blk.",
      to: "transformer.h.",
      layers: Number(config["n_layer"]),
      modules: {
        attn_norm: "ln_1",
        attn_qkv: "attn.c_attn",
        attn_output: "attn.c_proj",
        ffn_norm: "ln_2",
        ffn_up: "mlp.c_fc",
        ffn_down: "mlp.c_proj",
      },
    },
  ],
  dropped: [],
  change: ({ module, part }) => (part === "weight" && CONVOLUTIONS.includes(module) ? { kind: "transpose" } : AS_IS),
};
