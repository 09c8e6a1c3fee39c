import { MOST_LAYERS } from "../../causal/sharedConfig.ts";
import { AS_IS, type ConfigJson, type GgufArchitecture, type ModuleTensor } from "../ggufArchitecture.ts";
import type { GgufFacts } from "../ggufFacts.ts";
import { headWidthOf, rotationKeys } from "../ggufRotation.ts";
import { hasBias, HEAD_NORMS, LLAMA_LAYER, LLAMA_MODULES, llamaKeys, llamaStacks } from "../llamaKind.ts";
import type { TensorChange } from "../tensorChange.ts";

/** The bases of frequencies of a Gemma 3 where the file has none: of layers without a window and of those with one. */
const GLOBAL_THETA = 1_000_000;
const LOCAL_THETA = 10_000;
/** Of how many layers one has no window in a Gemma 3. */
const PATTERN = 6;
/** The layers of the largest Gemma 2 and 3, whose scores are scaled by the width of the model for each head. */
const LARGEST_GEMMA2 = 46;
const LARGEST_GEMMA3 = 62;

const LAYER = {
  ...LLAMA_LAYER,
  ffn_norm: "pre_feedforward_layernorm",
  post_attention_norm: "post_attention_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};

/** Gemma multiplies by 1 + weight; llama.cpp stores the sum. */
const withoutOne = ({ module }: ModuleTensor): TensorChange =>
  module.endsWith("norm") ? { kind: "minus-one" } : AS_IS;

/** No key says by what scores are divided: llama.cpp tells it from the number of layers. */
function scoreScalar(facts: GgufFacts, largest: number): number {
  if (facts.needed("block_count") !== largest) return headWidthOf(facts);
  return facts.needed("embedding_length") / facts.needed("attention.head_count");
}

/** What the configs of both have. */
const shared = (facts: GgufFacts, largest: number): ConfigJson => ({
  ...llamaKeys(facts),
  hidden_act: "gelu_pytorch_tanh",
  hidden_activation: "gelu_pytorch_tanh",
  query_pre_attn_scalar: scoreScalar(facts, largest),
  attention_bias: hasBias(facts, "attn_q"),
});

/** A bound; a key with 0 is none. Where the key is missing, the family's own holds. */
function cap(facts: GgufFacts, name: string): ConfigJson {
  const found = facts.decimal(name);
  return found === undefined ? {} : { [name]: found === 0 ? null : found };
}

/** The kinds of layers that an array of flags or a period gives; nothing where the file has neither. */
function layerTypes({ file }: GgufFacts, key: string): ConfigJson {
  const value = file.metadata.value(key);
  if (value instanceof Float64Array)
    return {
      layer_types: Array.from(value.subarray(0, MOST_LAYERS + 1), (flag) =>
        flag === 0 ? "full_attention" : "sliding_attention",
      ),
    };
  const period = file.metadata.number(key);
  return period === undefined ? {} : { sliding_window_pattern: period };
}

/** Gemma 2. Every second layer has a window. */
export const gemma2: GgufArchitecture = {
  name: "gemma2",
  reads: ["attention.sliding_window", "attn_logit_softcapping", "final_logit_softcapping"],
  config: (facts) => ({
    architectures: ["Gemma2ForCausalLM"],
    model_type: "gemma2",
    ...shared(facts, LARGEST_GEMMA2),
    ...rotationKeys(facts),
    sliding_window: facts.number("attention.sliding_window") ?? 4096,
    ...cap(facts, "attn_logit_softcapping"),
    ...cap(facts, "final_logit_softcapping"),
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks(LAYER),
  dropped: [],
  change: withoutOne,
};

/** The windows of a Gemma 3: none where the file has no window. */
function windows(facts: GgufFacts): ConfigJson {
  const window = facts.number("attention.sliding_window") ?? 0;
  if (window === 0) return { sliding_window_pattern: 1 };
  const own = layerTypes(facts, facts.key("attention.sliding_window_pattern"));
  return { sliding_window: window, sliding_window_pattern: PATTERN, ...own };
}

/** Gemma 3, the text part. A scaling of its rotation is that of layers without a window. */
export const gemma3: GgufArchitecture = {
  name: "gemma3",
  reads: ["attention.sliding_window", "final_logit_softcapping", "rope.freq_base_swa"],
  config: (facts) => ({
    architectures: ["Gemma3ForCausalLM"],
    model_type: "gemma3_text",
    ...shared(facts, LARGEST_GEMMA3),
    ...rotationKeys(facts, GLOBAL_THETA),
    rope_local_base_freq: facts.decimal("rope.freq_base_swa") ?? LOCAL_THETA,
    ...windows(facts),
    ...cap(facts, "final_logit_softcapping"),
  }),
  modules: LLAMA_MODULES,
  stacks: llamaStacks({ ...LAYER, ...HEAD_NORMS }),
  dropped: [],
  change: withoutOne,
};
