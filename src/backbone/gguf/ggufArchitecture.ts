import type { GgufFacts } from "./ggufFacts.ts";
import type { TensorChange } from "./tensorChange.ts";

/** What a config.json holds. */
export type ConfigJson = Record<string, unknown>;

/** Layers of one kind, with the names of their modules. */
export interface Stack {
  /** Before a layer's index, in the file and in a Hugging Face folder; a dot follows the index. */
  from: string;
  to: string;
  /** How many layers there are. */
  layers: number;
  /** A Hugging Face module, within its layer, for each of the file's. */
  modules: Readonly<Record<string, string>>;
}

/** A tensor, by the names of its module in the file (within its layer) and of what it is there: "weight" or "bias". */
export interface ModuleTensor {
  module: string;
  part: string;
}

/** An architecture of GGUF files that our families can read. */
export interface GgufArchitecture {
  /** Its `general.architecture`. */
  name: string;
  /** The keys that it reads among those that others must not have; see neutralKeys.ts. */
  reads: readonly string[];
  /** The config.json of the Hugging Face folder. @throws UserError for facts that are missing or not supported */
  config(facts: GgufFacts): ConfigJson;
  /** A Hugging Face module for each of the file's that belongs to no layer. */
  modules: Readonly<Record<string, string>>;
  /** Its layers. @param config what `config` gives */
  stacks(config: ConfigJson): readonly Stack[];
  /** Tensors that no Hugging Face folder has, within a layer where they are in one: what they say is in the config. */
  dropped: readonly string[];
  /** How the converter of llama.cpp changed a tensor; where left out, it changed none. */
  change?(tensor: ModuleTensor, config: ConfigJson): TensorChange;
}

export const AS_IS: TensorChange = { kind: "as-is" };
