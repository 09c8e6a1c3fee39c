import { AS_IS, type ConfigJson, type ModuleTensor } from "../ggufArchitecture.ts";
import type { TensorChange } from "../tensorChange.ts";

/** The key of config.json with the number of heads of a module. */
const HEADS: Readonly<Record<string, string>> = { attn_q: "num_attention_heads", attn_k: "num_key_value_heads" };

/** The change of queries and keys whose neighbours llama.cpp rotates. */
export function unpermuted({ module }: ModuleTensor, config: ConfigJson): TensorChange {
  const key = Object.hasOwn(HEADS, module) ? HEADS[module]! : undefined;
  return key === undefined ? AS_IS : { kind: "unpermute", heads: Number(config[key]) };
}
