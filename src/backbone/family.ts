import type { BackboneChanges } from "./changes.ts";
import type { ConfigFile } from "./configFile.ts";
import type { HostFeeds } from "./hostFeeds.ts";
import type { BackboneLayout } from "./layout.ts";
import type { SequenceGraph } from "./sequenceGraph.ts";

/** An architecture with the sizes of one model. */
export interface Architecture {
  /** The config's values as the family reads them: plain data that is equal where two models compute the same graph. */
  readonly config: object;
  readonly layout: BackboneLayout;
  /** @param changes what a method changes inside; the default is nothing */
  graph(changes?: Partial<BackboneChanges>): SequenceGraph;
  readonly feeds: HostFeeds;
}

/**
 * A family of architectures, such as all models of one `model_type`. A family is a value: adding one is one folder and
 * one line in families.ts.
 */
export interface Family {
  /** The values of `model_type` in config.json that are of this family. */
  readonly modelTypes: readonly string[];
  /** Whether the product can train, predict, analyse and export with it. Others can be opened by tests alone. */
  readonly isComplete: boolean;
  /**
   * Reads a model's config.
   * @param has whether the weights hold a tensor, where the config alone does not decide
   * @throws UserError naming the file and the key
   */
  read(config: ConfigFile, has: (tensor: string) => boolean): Architecture;
  /**
   * README of a folder whose weights hold a method's change inside the backbone and whose other file holds what the
   * method does to the input: what is in it, and the lines of Python that use it.
   * @param inputFile name of the file with the tensors `prompt`, `embedding` and `positions`, each where the method has
   * it
   */
  foldedReadme(inputFile: string): string;
}
