import type { ConfigJson, GgufArchitecture } from "../ggufArchitecture.ts";
import type { GgufFacts } from "../ggufFacts.ts";
import { LONG_FACTORS, pairsOf, rotatingPart, rotationKeys, SHORT_FACTORS, thetaOf } from "../ggufRotation.ts";
import { LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";
import { ropeFactors } from "../ropeFactors.ts";

/** By how much two factors of the attention may differ, as their part: one is stored as fp32. */
const TOLERANCE = 1e-6;

/** LongRoPE's factor of cosines and sines (Ding et al. 2024), which transformers computes where none is given. */
function usualAttention(longest: number, original: number): number {
  const by = longest / original;
  return by <= 1 ? 1 : Math.sqrt(1 + Math.log(by) / Math.log(original));
}

/** The rotation: LongRoPE where the file has its two tensors. */
function rotation(facts: GgufFacts): ConfigJson {
  const original = facts.number("rope.scaling.original_context_length");
  const lengths = original === undefined ? {} : { original_max_position_embeddings: original };
  const [short, long] = [SHORT_FACTORS, LONG_FACTORS].map((name) =>
    ropeFactors(facts, `${name}.weight`, pairsOf(facts)),
  );
  if (short === undefined || long === undefined) return { ...lengths, ...rotationKeys(facts) };
  const usual = usualAttention(facts.needed("context_length"), original ?? facts.needed("context_length"));
  const own = facts.decimal("rope.scaling.attn_factor") ?? usual;
  const attention = Math.abs(own / usual - 1) < TOLERANCE ? {} : { attention_factor: own };
  const part = rotatingPart(facts);
  return {
    ...lengths,
    rope_theta: thetaOf(facts),
    rope_scaling: { type: "longrope", short_factor: short, long_factor: long, ...attention },
    ...(part !== 1 && { partial_rotary_factor: part }),
  };
}

/** Phi-3, 3.5 and 4, with fused layers as in the Hugging Face folder. A window of 0 is none. */
export const phi3: GgufArchitecture = {
  name: "phi3",
  reads: ["attention.sliding_window", "rope.scaling.attn_factor"],
  config(facts) {
    const window = facts.number("attention.sliding_window") ?? 0;
    return {
      architectures: ["Phi3ForCausalLM"],
      model_type: "phi3",
      ...llamaKeys(facts),
      ...rotation(facts),
      sliding_window: window === 0 ? null : window,
    };
  },
  modules: LLAMA_MODULES,
  stacks: llamaStacks({
    attn_norm: "input_layernorm",
    attn_qkv: "self_attn.qkv_proj",
    attn_output: "self_attn.o_proj",
    ffn_norm: "post_attention_layernorm",
    ffn_up: "mlp.gate_up_proj",
    ffn_down: "mlp.down_proj",
  }),
  dropped: [LONG_FACTORS, SHORT_FACTORS],
};
