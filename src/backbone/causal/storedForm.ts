import type { StoredTensors } from "../storedTensors.ts";
import type { CausalNames } from "./causalConfig.ts";

/** How a model's file differs from its Hugging Face class. */
export interface StoredOptions {
  tensors: StoredTensors;
  /** `tie_word_embeddings`: whether the head is the embedding table. */
  tie: boolean;
  /** What files have in place of the class's prefix of all names; the default is nothing: the inner model was saved. */
  prefixes?: readonly string[];
  /** Other names of the head. */
  heads?: readonly string[];
}

/** How a model's tensors are stored. */
export interface StoredForm {
  /** Whether the head is the embedding table. */
  tied: boolean;
  /** The name in the file of a tensor that the class names so. */
  storedAs: (tensor: string) => string;
}

/**
 * Finds the names that a file has. Where the config ties the head, a file may hold table and head or either one: equal
 * tensors are one, and unequal ones are not tied, as in transformers 5.
 */
export function storedForm(
  { finalNorm, head, embedding }: CausalNames,
  { tensors, tie, prefixes = [""], heads = [] }: StoredOptions,
): StoredForm {
  const prefix = finalNorm.slice(0, finalNorm.lastIndexOf(".") + 1);
  const under = (other: string, tensor: string): string =>
    tensor.startsWith(prefix) ? other + tensor.slice(prefix.length) : tensor;
  const own = [prefix, ...prefixes].find((each) => tensors.has(under(each, `${finalNorm}.weight`))) ?? prefix;
  const headModule = [head, ...heads].find((each) => tensors.has(`${each}.weight`)) ?? head;
  const named = (tensor: string): string =>
    tensor.startsWith(`${head}.`) ? headModule + tensor.slice(head.length) : under(own, tensor);
  const [table, headWeight] = [named(embedding), named(`${head}.weight`)];
  const both = tensors.has(table) && tensors.has(headWeight);
  const tied = tie && (!both || tensors.isEqual(table, headWeight));
  const headAlone = tied && !both && tensors.has(headWeight);
  return { tied, storedAs: (tensor) => (headAlone && tensor === embedding ? headWeight : named(tensor)) };
}
