import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { GgufArchitecture } from "./ggufArchitecture.ts";
import type { GgufFacts } from "./ggufFacts.ts";
import type { GgufValue } from "./ggufMetadata.ts";

const zero = (value: GgufValue): boolean =>
  value instanceof Float64Array ? value.every((each) => each === 0) : value === 0 || value === false;
const one = (value: GgufValue): boolean => zero(value) || value === 1;
const yes = (value: GgufValue): boolean => value === true;

/** Keys that change what a model computes, each with the values that change nothing. */
const NEUTRAL: Readonly<Record<string, (value: GgufValue) => boolean>> = {
  expert_count: zero,
  logit_scale: one,
  embedding_scale: one,
  residual_scale: one,
  swin_norm: zero,
  nextn_predict_layers: zero,
  attn_logit_softcapping: zero,
  final_logit_softcapping: zero,
  "attention.causal": yes,
  "attention.scale": zero,
  "attention.output_scale": one,
  "attention.clamp_kqv": zero,
  "attention.max_alibi_bias": zero,
  "attention.temperature_scale": zero,
  "attention.temperature_length": zero,
  "attention.q_lora_rank": zero,
  "attention.kv_lora_rank": zero,
  "attention.shared_kv_layers": zero,
  "attention.sliding_window": zero,
  "rope.freq_base_swa": zero,
  "rope.dimension_sections": zero,
  "rope.scaling.attn_factor": one,
  "rope.scaling.yarn_ext_factor": one,
  "rope.scaling.yarn_log_multiplier": zero,
};

/** The value, as short text. */
const told = (value: GgufValue): string =>
  (value instanceof Float64Array ? [...value.subarray(0, 10)].join(", ") : String(value)).slice(0, 100);

/**
 * Refuses a file with a key that would change the result and that its architecture does not read.
 * @throws UserError naming the key
 */
export function refuseUnreadKeys(facts: GgufFacts, { reads, name }: GgufArchitecture): void {
  const { file } = facts;
  const refuse = (key: string, value: GgufValue): never => {
    throw new UserError(
      "gguf-key-unsupported",
      phrase`${file.path}: "${key}" is ${told(value)}, which changes what the model computes and is not supported for a model of this architecture`,
      phrase`Use another model, or a version of this one without "${key}".`,
    );
  };
  for (const [suffix, isNeutral] of Object.entries(NEUTRAL)) {
    const key = `${name}.${suffix}`;
    const value = file.metadata.value(key);
    if (value !== undefined && !reads.includes(suffix) && !isNeutral(value)) refuse(key, value);
  }
  const [keys, values] = [facts.number("attention.key_length"), facts.number("attention.value_length")];
  if (keys !== undefined && values !== undefined && keys !== values)
    refuse(facts.key("attention.value_length"), values);
}
