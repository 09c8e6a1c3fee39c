import type { BackboneChanges } from "./changes.ts";
import type { ConfigFile } from "./configFile.ts";
import type { HostFeeds } from "./hostFeeds.ts";
import type { BackboneLayout } from "./layout.ts";
import type { SequenceGraph } from "./sequenceGraph.ts";
import type { StoredTensors } from "./storedTensors.ts";

/** An architecture with the sizes of one model. */
export interface Architecture {
  /** The config's values as the family reads them: plain data, equal for two models that compute the same graph. */
  readonly config: object;
  readonly layout: BackboneLayout;
  /** The name that the weights file has for a tensor of the layout; absent: the layout's own. */
  readonly storedAs?: ((tensor: string) => string) | undefined;
  /** @param changes what a method changes inside; the default is nothing */
  graph(changes?: Partial<BackboneChanges>): SequenceGraph;
  readonly feeds: HostFeeds;
}

/** What a folded folder has beside the files of a plain model. */
export interface FoldedParts {
  /**
   * In an encoder-decoder, name of the file with what the method does to the input: the tensors `prompt`, `embedding`
   * and `positions`, each only where the method has it.
   */
  inputFile?: string;
  /** In a causal model, name of the folder with the prompt as an adapter of prompt tuning in PEFT's layout. */
  promptFolder?: string;
}

/**
 * A family of architectures, such as all models of one `model_type`. A family is a value: adding one is one folder and
 * one line in families.ts.
 */
export interface Family {
  /** The values of `model_type` in config.json that belong to this family. */
  readonly modelTypes: readonly string[];
  /**
   * Reads a model's config.
   * @param tensors what the weights file holds, where the config alone does not decide
   * @throws UserError naming the file and the key
   */
  read(config: ConfigFile, tensors: StoredTensors): Architecture;
  /**
   * The README of a folded folder, whose weights contain a method's change inside the backbone. Says what the files
   * are, and has the Python code that uses them.
   */
  foldedReadme(parts: FoldedParts): string;
}
