import type { GgufArchitecture } from "../ggufArchitecture.ts";
import { rotationKeys } from "../ggufRotation.ts";
import { hasBias, HEAD_NORMS, LLAMA_LAYER, LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";

/** Qwen 2 and 2.5. Their windows are off in every published model, and no key says otherwise. */
export const qwen2: GgufArchitecture = {
  name: "qwen2",
  reads: [],
  config: (facts) => ({
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    ...llamaKeys(facts),
    ...rotationKeys(facts),
    use_sliding_window: false,
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks(LLAMA_LAYER),
  dropped: [],
};

/** Qwen 3, not its mixtures of experts. */
export const qwen3: GgufArchitecture = {
  name: "qwen3",
  reads: [],
  config: (facts) => ({
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    ...llamaKeys(facts),
    ...rotationKeys(facts),
    use_sliding_window: false,
    attention_bias: hasBias(facts, "attn_q"),
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks({ ...LLAMA_LAYER, ...HEAD_NORMS }),
  dropped: [],
};
