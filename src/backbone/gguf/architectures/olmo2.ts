import type { GgufArchitecture } from "../ggufArchitecture.ts";
import { rotationKeys } from "../ggufRotation.ts";
import { hasBias, HEAD_NORMS, LLAMA_LAYER, LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";

const { attn_norm: _, ffn_norm: __, ...layer } = LLAMA_LAYER;

/** OLMo 2. Files of OLMo 3 have its name and a window besides, which is refused. */
export const olmo2: GgufArchitecture = {
  name: "olmo2",
  reads: [],
  config: (facts) => ({
    architectures: ["Olmo2ForCausalLM"],
    model_type: "olmo2",
    ...llamaKeys(facts),
    ...rotationKeys(facts),
    attention_bias: hasBias(facts, "attn_q"),
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks({
    ...layer,
    ...HEAD_NORMS,
    post_attention_norm: "post_attention_layernorm",
    post_ffw_norm: "post_feedforward_layernorm",
  }),
  dropped: [],
};
