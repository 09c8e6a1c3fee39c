import type { GgufArchitecture, Stack } from "../ggufArchitecture.ts";
import type { GgufFacts } from "../ggufFacts.ts";

const TYPES = {
  t5: "T5ForConditionalGeneration",
  mt5: "MT5ForConditionalGeneration",
  umt5: "UMT5ForConditionalGeneration",
};

/** transformers' default, which every published model has. */
const MAX_DISTANCE = 128;

/** A umT5 has biases in every layer. An mT5 computes what a T5 1.1 does; its name alone tells. */
function typeOf({ file }: GgufFacts): keyof typeof TYPES {
  if (file.tensors.has("enc.blk.1.attn_rel_b.weight")) return "umt5";
  const named = ["general.name", "general.basename"].some((key) => /mt5/i.test(file.metadata.text(key) ?? ""));
  return named ? "mt5" : "t5";
}

/**
 * Whether the head is the embedding table, and the decoder's output then scaled. So it is in version 1.0 alone, whose
 * feed-forward has no gate. A quantised file of it may repeat the table as a head of another type.
 */
function isTied(facts: GgufFacts, gated: boolean): boolean {
  const [table, head] = [facts.tensor("token_embd.weight"), facts.tensor("output.weight")];
  return facts.isTied || (!gated && head?.type !== table?.type);
}

const PARTS = { q: "q", k: "k", v: "v", o: "o" };
const attention = (from: string, to: string): Record<string, string> =>
  Object.fromEntries(Object.entries(PARTS).map(([part, own]) => [`${from}_${part}`, `${to}.${own}`]));

/** The modules of a side's layers: the last sublayer is the feed-forward. */
function layerModules(side: "encoder" | "decoder", gated: boolean): Stack["modules"] {
  const last = side === "encoder" ? 1 : 2;
  const dense = `layer.${last}.DenseReluDense`;
  const cross = { ...attention("cross_attn", "layer.1.EncDecAttention"), cross_attn_norm: "layer.1.layer_norm" };
  return {
    attn_norm: "layer.0.layer_norm",
    ...attention("attn", "layer.0.SelfAttention"),
    attn_rel_b: "layer.0.SelfAttention.relative_attention_bias",
    ...(side === "decoder" && cross),
    ffn_norm: `layer.${last}.layer_norm`,
    ...(gated ? { ffn_gate: `${dense}.wi_0`, ffn_up: `${dense}.wi_1` } : { ffn_up: `${dense}.wi` }),
    ffn_down: `${dense}.wo`,
  };
}

/** T5, versions 1.0 and 1.1 with Flan-T5, mT5 and umT5. The longest relative distance is always the usual one. */
export const t5: GgufArchitecture = {
  name: "t5",
  reads: [],
  config(facts) {
    const gated = facts.has("enc.blk.0.ffn_gate.weight");
    const type = typeOf(facts);
    const layers = facts.needed("block_count");
    return {
      architectures: [TYPES[type]],
      model_type: type,
      is_encoder_decoder: true,
      vocab_size: facts.rows("token_embd.weight"),
      d_model: facts.needed("embedding_length"),
      d_kv: facts.needed("attention.key_length"),
      d_ff: facts.needed("feed_forward_length"),
      num_layers: layers,
      num_decoder_layers: facts.number("decoder_block_count") ?? layers,
      num_heads: facts.needed("attention.head_count"),
      relative_attention_num_buckets: facts.needed("attention.relative_buckets_count"),
      relative_attention_max_distance: MAX_DISTANCE,
      layer_norm_epsilon:
        facts.decimal("attention.layer_norm_rms_epsilon") ?? facts.decimal("attention.layer_norm_epsilon"),
      feed_forward_proj: gated ? "gated-gelu" : "relu",
      tie_word_embeddings: isTied(facts, gated),
      pad_token_id: 0,
      eos_token_id: 1,
      ...facts.specialTokens,
      decoder_start_token_id: facts.number("decoder_start_token_id") ?? 0,
    };
  },
  modules: {
    token_embd: "shared",
    "enc.output_norm": "encoder.final_layer_norm",
    "dec.output_norm": "decoder.final_layer_norm",
    output: "lm_head",
  },
  stacks({ num_layers: encoder, num_decoder_layers: decoder, feed_forward_proj: kind }) {
    const gated = kind === "gated-gelu";
    return [
      { from: "enc.blk.", to: "encoder.block.", layers: Number(encoder), modules: layerModules("encoder", gated) },
      { from: "dec.blk.", to: "decoder.block.", layers: Number(decoder), modules: layerModules("decoder", gated) },
    ];
  },
  // The first T5s have biases of the attention to the text, which no implementation reads.
  dropped: ["cross_attn_rel_b"],
};
