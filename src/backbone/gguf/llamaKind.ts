import type { ConfigJson, GgufArchitecture, Stack } from "./ggufArchitecture.ts";
import type { GgufFacts } from "./ggufFacts.ts";
import { headWidthOf } from "./ggufRotation.ts";

/** The modules of a model of the Llama kind that belong to no layer. */
export const LLAMA_MODULES = { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" };

/** The modules of a layer that most models of the Llama kind share. */
export const LLAMA_LAYER = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** Norms of queries and keys. */
export const HEAD_NORMS = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };

/** The layers of a model of the Llama kind, given their modules. */
export const llamaStacks =
  (modules: Stack["modules"]): GgufArchitecture["stacks"] =>
  ({ num_hidden_layers: layers }) => [{ from: "blk.", to: "model.layers.", layers: Number(layers), modules }];

/** Whether layers have a bias, as their first one tells. */
export const hasBias = (facts: GgufFacts, module: string): boolean => facts.has(`blk.0.${module}.bias`);

/** What every config of the Llama kind holds, besides its type and what a family adds. */
export function llamaKeys(facts: GgufFacts): ConfigJson {
  const heads = facts.needed("attention.head_count");
  return {
    vocab_size: facts.rows("token_embd.weight"),
    hidden_size: facts.needed("embedding_length"),
    intermediate_size: facts.needed("feed_forward_length"),
    num_hidden_layers: facts.needed("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: facts.number("attention.head_count_kv") ?? heads,
    head_dim: headWidthOf(facts),
    max_position_embeddings: facts.needed("context_length"),
    hidden_act: "silu",
    rms_norm_eps: facts.neededDecimal("attention.layer_norm_rms_epsilon"),
    tie_word_embeddings: facts.isTied,
    ...facts.specialTokens,
  };
}
