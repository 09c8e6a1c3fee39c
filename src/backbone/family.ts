import type { ConfigFile } from "./configFile.ts";
import type { BackboneLayout } from "./layout.ts";

/** An architecture with the sizes of one model. */
export interface Architecture {
  /** The config's values as the family reads them: plain data that is equal where two models compute the same graph. */
  readonly config: object;
  readonly layout: BackboneLayout;
}

/** A family of architectures, such as all T5 models. A family is a value: adding one is one folder and one line in families.ts. */
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
}
