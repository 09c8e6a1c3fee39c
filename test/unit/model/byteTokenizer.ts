import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Ids of the special tokens of `writeByteTokenizer`; bytes follow them. */
export const SPECIAL = ["<pad>", "<s>", "<|end|>", "<|user|>", "<|assistant|>"];
export const END = SPECIAL.indexOf("<|end|>");
/** Tokens of the vocabulary. */
export const BYTE_VOCABULARY = SPECIAL.length + 256;

/**
 * The characters that stand for bytes in byte-level BPE: printable ones for themselves, the others from U+0100 on
 * (Radford et al. 2019).
 */
export function byteCharacters(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}

export const TEMPLATE =
  "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

/** Writes a byte-level tokenizer without merges, and a chat template, into a model folder. */
export function writeByteTokenizer(folder: string): void {
  const vocab = Object.fromEntries(byteCharacters().map((character, byte) => [character, SPECIAL.length + byte]));
  const added = SPECIAL.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: { ...Object.fromEntries(SPECIAL.map((content, id) => [content, id])), ...vocab },
      merges: [],
    },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(
    join(folder, "tokenizer_config.json"),
    JSON.stringify({ eos_token: "<|end|>", pad_token: "<pad>", chat_template: TEMPLATE }),
  );
}
