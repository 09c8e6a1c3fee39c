import { AS_IS, type GgufArchitecture } from "../ggufArchitecture.ts";
import { rotatingPart, rotationKeys } from "../ggufRotation.ts";
import { hasBias } from "../llamaKind.ts";

/** GPT-NeoX and Pythia. The converter writes no base of frequencies: it is the usual one in all of them. */
export const gptNeox: GgufArchitecture = {
  name: "gptneox",
  reads: [],
  config(facts) {
    const { partial_rotary_factor: _, ...rotation } = rotationKeys(facts);
    return {
      architectures: ["GPTNeoXForCausalLM"],
      model_type: "gpt_neox",
      vocab_size: facts.rows("token_embd.weight"),
      hidden_size: facts.needed("embedding_length"),
      intermediate_size: facts.needed("feed_forward_length"),
      num_hidden_layers: facts.needed("block_count"),
      num_attention_heads: facts.needed("attention.head_count"),
      max_position_embeddings: facts.needed("context_length"),
      hidden_act: "gelu",
      layer_norm_eps: facts.neededDecimal("attention.layer_norm_epsilon"),
      use_parallel_residual: facts.flag("use_parallel_residual") ?? true,
      attention_bias: hasBias(facts, "attn_qkv"),
      ...rotation,
      rotary_pct: rotatingPart(facts),
      tie_word_embeddings: facts.isTied,
      ...facts.specialTokens,
    };
  },
  modules: { token_embd: "gpt_neox.embed_in", output_norm: "gpt_neox.final_layer_norm", output: "embed_out" },
  stacks: (config) => [
    {
      from: "blk.",
      to: "gpt_neox.layers.",
      layers: Number(config["num_hidden_layers"]),
      modules: {
        attn_norm: "input_layernorm",
        attn_qkv: "attention.query_key_value",
        attn_output: "attention.dense",
        ffn_norm: "post_attention_layernorm",
        ffn_up: "mlp.dense_h_to_4h",
        ffn_down: "mlp.dense_4h_to_h",
      },
    },
  ],
  dropped: [],
  change: ({ module }, config) =>
    module === "attn_qkv" ? { kind: "interleave", heads: Number(config["num_attention_heads"]) } : AS_IS,
};
