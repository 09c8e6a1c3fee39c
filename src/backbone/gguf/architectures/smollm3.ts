import type { GgufArchitecture } from "../ggufArchitecture.ts";
import { ROPE_FREQS, rotationKeysWithFactors } from "../ggufRotation.ts";
import { hasBias, LLAMA_LAYER, LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";
import { unpermuted } from "./unpermuted.ts";

/** SmolLM 3. No key says which layers do not rotate: llama.cpp takes every fourth, as in the published model. */
export const smollm3: GgufArchitecture = {
  name: "smollm3",
  reads: [],
  config: (facts) => ({
    architectures: ["SmolLM3ForCausalLM"],
    model_type: "smollm3",
    ...llamaKeys(facts),
    ...rotationKeysWithFactors(facts),
    no_rope_layer_interval: 4,
    use_sliding_window: false,
    attention_bias: hasBias(facts, "attn_q"),
    mlp_bias: hasBias(facts, "ffn_up"),
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks(LLAMA_LAYER),
  dropped: [ROPE_FREQS, "attn_rot_embd"],
  change: unpermuted,
};
