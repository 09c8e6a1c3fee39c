import type { NumberedToken } from "../tokenizer/addedTokens.ts";
import type { GgufVocabulary } from "./ggufVocabulary.ts";

/** A tokenizer made from a GGUF file's metadata, without what stands around every text. */
export interface MadeTokenizer {
  vocabulary: GgufVocabulary;
  added: readonly NumberedToken[];
  /** Whether the beginning and end tokens are put around a text where the file does not say. */
  usual: { begins: boolean; ends: boolean };
  /** Parts of tokenizer.json. */
  parts: { normalizer: object | null; pre_tokenizer: object | null; decoder: object; model: object };
}
