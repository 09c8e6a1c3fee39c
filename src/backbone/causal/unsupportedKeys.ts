import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { ConfigFile } from "../configFile.ts";

const none = (value: unknown): boolean => value === null || value === undefined;
const one = (value: unknown): boolean => none(value) || value === 1;
const off = (value: unknown): boolean => none(value) || value === false;
const zero = (value: unknown): boolean => none(value) || value === 0;
const empty = (value: unknown): boolean => none(value) || (Array.isArray(value) && value.length === 0);

/**
 * Keys of config.json that change what a decoder-only model computes, and that some families alone know, each with the
 * values that change nothing.
 */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  // Factors of Granite, MiniCPM, Cohere and Falcon-H1.
  embedding_multiplier: one,
  residual_multiplier: one,
  attention_multiplier: none,
  logits_scaling: one,
  scale_emb: one,
  scale_depth: none,
  dim_model_base: none,
  logit_scale: one,
  lm_head_multiplier: one,
  key_multiplier: one,
  // Mixtures of experts.
  num_experts: zero,
  num_local_experts: zero,
  n_routed_experts: zero,
  moe_intermediate_size: none,
  // Bounds, windows and norms of other families.
  attn_logit_softcapping: none,
  final_logit_softcapping: none,
  clip_qkv: none,
  attention_chunk_size: none,
  layer_types: (value) => none(value) || (Array.isArray(value) && value.every((type) => type === "full_attention")),
  no_rope_layers: empty,
  qk_layernorm: off,
  use_qk_norm: off,
  query_pre_attn_scalar: none,
  partial_rotary_factor: one,
  rotary_pct: one,
  attention_bias: off,
  mlp_bias: off,
  lm_head_bias: off,
  // Attention that is not causal, or to another text.
  use_bidirectional_attention: off,
  is_encoder_decoder: off,
  add_cross_attention: off,
  use_alibi: off,
  alibi: off,
};

/**
 * Refuses a config with a key that would change the result and that its family does not read.
 * @param known the keys that the family reads
 * @throws UserError naming the key
 */
export function refuseUnsupportedKeys({ path, json }: ConfigFile, known: ReadonlySet<string>): void {
  if (typeof json !== "object" || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    const isNeutral = Object.hasOwn(NEUTRAL, key) ? NEUTRAL[key] : undefined;
    if (isNeutral === undefined || known.has(key) || isNeutral(value)) continue;
    throw new UserError(
      "config-key-unsupported",
      phrase`${path}: "${key}" is ${JSON.stringify(value).slice(0, 100)}, which changes what the model computes and is not supported for a model of this type`,
      phrase`Use a model without "${key}" in its config.json.`,
    );
  }
}
