import type { StoredTensors } from "../storedTensors.ts";
import { EMBEDDING, HEAD } from "./t5Layout.ts";

const HEAD_WEIGHT = `${HEAD}.weight`;
/** The names under which files hold the table that encoder and decoder share; most hold it under several. */
const TABLES = [EMBEDDING, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

/** How a T5's tensors are stored. */
export interface T5StoredForm {
  /** Whether the file holds a head that is not the table. */
  ownHead: boolean;
  /** The name in the file of a tensor that the class names so. */
  storedAs: (tensor: string) => string;
}

/**
 * Finds the table under the name that the file has for it. A head beside it is its own, unless the config ties the two
 * and their values are equal; then the file only repeats the table.
 * @param tied whether the config ties them
 */
export function t5StoredForm(tensors: StoredTensors, tied: boolean): T5StoredForm {
  const table = TABLES.find((name) => tensors.has(name));
  const stored = table ?? (tied && tensors.has(HEAD_WEIGHT) ? HEAD_WEIGHT : EMBEDDING);
  const repeats = stored === HEAD_WEIGHT || (tied && tensors.isEqual(stored, HEAD_WEIGHT));
  return {
    ownHead: tensors.has(HEAD_WEIGHT) && !repeats,
    storedAs: (tensor) => (tensor === EMBEDDING ? stored : tensor),
  };
}
