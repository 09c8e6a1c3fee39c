import { addedToken, numberedTokens, readTokenizerOptions, type AddedToken, type SpecialName } from "./addedTokens.ts";
import { byteCharacters } from "./pieceForm.ts";
import { endingWith } from "./t5Tokenizer.ts";

/** Sentinels that ByT5 has where its files do not say how many. */
const SENTINELS = 125;
const BYTES = 256;

/**
 * The content of the tokenizer.json that equals transformers' ByT5Tokenizer, which has no file: padding, end, unknown,
 * the 256 bytes, and the sentinels behind them.
 * @throws UserError naming a file that is malformed
 */
export function byT5Tokenizer(folder: string): object {
  const { special, plain, extra, listed, extra_ids: count = SENTINELS } = readTokenizerOptions(folder);
  const use = (name: SpecialName, text: string): AddedToken => {
    const own = special[name];
    if (own !== undefined && !plain.has(name)) return own;
    return { ...addedToken(own?.content ?? text, true), lstrip: true, rstrip: true, normalized: true };
  };
  const end = use("eos_token", "</s>");
  const sentinels = Array.from({ length: count }, (_, i) => addedToken(`<extra_id_${i}>`, true));
  const known = [use("pad_token", "<pad>"), end, use("unk_token", "<unk>")];
  const bytes = byteCharacters().map((character, byte): [string, number] => [character, known.length + byte]);
  const vocabulary = new Map([...known.map(({ content }, id): [string, number] => [content, id]), ...bytes]);
  const added = numberedTokens(
    [...listed, ...known, ...Object.values(special), ...(extra ?? sentinels)],
    new Map(known.map(({ content }, id) => [content, id])),
    known.length + BYTES,
  );
  // The library numbers them so only where the vocabulary has them.
  for (const { content, id } of added) vocabulary.set(content, id);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: endingWith(end.content, 1),
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges: [],
    },
  };
}
