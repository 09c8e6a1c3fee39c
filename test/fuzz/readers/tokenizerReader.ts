import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { PIECES, spiece } from "../../unit/backbone/spieceWriter.ts";
import { makeMessage } from "../make/makeMessage.ts";
import { makePattern } from "../make/makePattern.ts";
import { holds, texts, type Reader } from "../reader.ts";

const pieces: [string, number][] = [
  ["<pad>", 0],
  ["</s>", 0],
  ["<unk>", 0],
  ["▁", -2],
  ["▁a", -3],
  ["b", -4],
  ["ab", -3.5],
  ["😀", -9],
];
const UNIGRAM = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [
    { id: 0, content: "<pad>", single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    { id: 1, content: "</s>", single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  ],
  normalizer: {
    type: "Sequence",
    normalizers: [{ type: "NFKC" }, { type: "Replace", pattern: { Regex: " {2,}" }, content: "▁" }],
  },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 0 } }],
    special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
  },
  decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: { type: "Unigram", unk_id: 2, vocab: pieces, byte_fallback: false },
};
const BPE = {
  version: "1.0",
  added_tokens: [],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: "\\w+|[^\\w\\s]+" }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    vocab: { a: 0, b: 1, ab: 2, h: 3, e: 4, l: 5, o: 6 },
    merges: [["a", "b"]],
  },
};
const WORDS = {
  version: "1.0",
  added_tokens: [],
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: { "[UNK]": 0, a: 1, "##b": 2 },
  },
};
const TEXTS = ["ab a  b 😀 hello\ud83d wörld", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"];

/** Places of tokens stay inside the text, and ids inside the vocabulary. */
export async function checkTokenizer(folder: string, texts = TEXTS, rows?: number): Promise<void> {
  const tokenizer = loadTokenizer(folder, rows);
  for (const text of texts) {
    const { ids, tokens, offsets, specialMask } = await tokenizer.encode(text, { maxLength: 12 });
    holds(
      ids.length === tokens.length && ids.length === offsets.length && ids.length === specialMask.length,
      "lists of one length",
    );
    holds(
      offsets.every(([from, to]) => from >= 0 && to <= text.length),
      "a token outside of its text",
    );
    await tokenizer.decode(ids);
  }
}

const reading =
  (name: string) =>
  (folder: string) =>
  async (input: Buffer): Promise<void> => {
    writeFileSync(join(folder, name), input);
    await checkTokenizer(folder);
  };

/** Texts on which a matcher that backtracks takes long. */
const LONG = [
  "a".repeat(3000),
  `${"a".repeat(2000)}!`,
  " ".repeat(3000),
  "0".repeat(2000),
  `${"aq".repeat(800)}!`,
  "aé ".repeat(800),
];
/** A regular expression that splits texts, alone in a tokenizer that is else sound. */
export const tokenizerPatternReader: Reader = {
  name: "tokenizerPattern",
  weight: 2,
  corpus: () =>
    texts(
      "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
      " {2,}",
    ),
  make: (random) => Buffer.from(makePattern(random)),
  open: (folder) => async (input) => {
    const Regex = input.toString();
    const split = { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
    const json = {
      ...BPE,
      pre_tokenizer: { type: "Sequence", pretokenizers: [split, BPE.pre_tokenizer.pretokenizers[1]] },
    };
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
    await checkTokenizer(folder, LONG);
  },
};

export const tokenizerReader: Reader = {
  name: "tokenizer",
  json: true,
  weight: 2,
  corpus: () => texts(UNIGRAM, BPE, WORDS),
  open: reading("tokenizer.json"),
};

export const spieceReader: Reader = {
  name: "spiece",
  weight: 4,
  make: makeMessage,
  corpus: () => [Buffer.from(spiece(PIECES)), Buffer.from(spiece(PIECES, { map: new Uint8Array(0) }))],
  open: reading("spiece.model"),
};
