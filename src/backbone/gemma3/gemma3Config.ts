import * as z from "zod";
import { GEMMA_KEYS } from "../causal/gemmaChoices.ts";
import { RopeSchema } from "../causal/ropeConfig.ts";
import { positive, size } from "../causal/sharedConfig.ts";

/** The config of a Gemma 3's text part. That of a model with images leaves out what has the usual value. */
export const Gemma3Config = z.object({
  ...GEMMA_KEYS,
  vocab_size: size.default(262_208),
  hidden_size: size.default(2304),
  intermediate_size: size.default(9216),
  num_hidden_layers: GEMMA_KEYS.num_hidden_layers.default(26),
  num_attention_heads: size.default(8),
  max_position_embeddings: GEMMA_KEYS.max_position_embeddings.default(131_072),
  rope_theta: positive.default(1_000_000),
  rope_local_base_freq: positive.default(10_000),
  /** Of transformers 5: a rotation for each kind of layers. */
  rope_parameters: z
    .strictObject(
      { full_attention: RopeSchema.nullish(), sliding_attention: RopeSchema.nullish() },
      "it must have full_attention and sliding_attention",
    )
    .nullish(),
  sliding_window_pattern: size.default(6),
  final_logit_softcapping: positive.nullish(),
  // transformers keeps this key, but no Gemma 3 caps its scores.
  attn_logit_softcapping: z.unknown().optional(),
});
export type Gemma3Keys = z.infer<typeof Gemma3Config>;
