import { listedMerges } from "./ggufMerges.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { preTokenizerOf } from "./ggufPreTokenizer.ts";
import { addedTokens, KEYS, needed, readVocabulary } from "./ggufVocabulary.ts";
import type { MadeTokenizer } from "./madeTokenizer.ts";

/**
 * The tokenizer of "gpt2": merges of bytes, each of which is a character.
 * @throws UserError naming the file and the key that is missing or cannot be used
 */
export function byteLevel(metadata: GgufMetadata): MadeTokenizer {
  const vocabulary = readVocabulary(metadata);
  const { normalizer, cuts, ignoresMerges, begins } = preTokenizerOf(metadata);
  const added = addedTokens(vocabulary);
  return {
    vocabulary,
    added,
    usual: { begins, ends: false },
    parts: {
      normalizer,
      pre_tokenizer: cuts.length === 1 ? cuts[0]! : { type: "Sequence", pretokenizers: cuts },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: ignoresMerges,
        vocab: Object.fromEntries(vocabulary.ids),
        merges: needed(metadata, `${KEYS}merges`, listedMerges(metadata, vocabulary)),
      },
    },
  };
}
