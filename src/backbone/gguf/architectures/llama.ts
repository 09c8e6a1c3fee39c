import type { GgufArchitecture } from "../ggufArchitecture.ts";
import { ROPE_FREQS, rotationKeysWithFactors } from "../ggufRotation.ts";
import { hasBias, LLAMA_LAYER, LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";
import { unpermuted } from "./unpermuted.ts";

/**
 * Llama 1 to 3, SmolLM 1 and 2, TinyLlama and Mistral, which llama.cpp does not tell apart: a Mistral is a Llama,
 * unless the file has the window of its queries. llama.cpp's own converter leaves that out.
 */
export const llama: GgufArchitecture = {
  name: "llama",
  reads: ["attention.sliding_window"],
  config(facts) {
    const window = facts.number("attention.sliding_window") ?? 0;
    const biases = { attention_bias: hasBias(facts, "attn_q"), mlp_bias: hasBias(facts, "ffn_up") };
    const own =
      window === 0
        ? { architectures: ["LlamaForCausalLM"], model_type: "llama" }
        : { architectures: ["MistralForCausalLM"], model_type: "mistral", sliding_window: window };
    return { ...own, ...llamaKeys(facts), ...rotationKeysWithFactors(facts), ...biases };
  },
  modules: LLAMA_MODULES,
  stacks: llamaStacks(LLAMA_LAYER),
  dropped: [ROPE_FREQS, "attn_rot_embd"],
  change: unpermuted,
};
