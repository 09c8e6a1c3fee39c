import { openBackbone } from "./openBackbone.ts";
import { loadTokenizer } from "./tokenizer/tokenizer.ts";

/**
 * Whether a model folder can be used: its type, every tensor with its size, its tokenizer. Reads no weights.
 * @throws UserError saying what is missing or wrong
 */
export function checkModelFolder(folder: string): void {
  const { layout, weights } = openBackbone(folder);
  for (const { name, dims } of layout.weights) weights.check(name, dims);
  loadTokenizer(folder);
}
