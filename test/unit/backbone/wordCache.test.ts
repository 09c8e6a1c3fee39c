import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { byteCharacters } from "../../../src/backbone/tokenizer/pieceForm.ts";
import { loadTokenizer, type TextTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { WordCache } from "../../../src/backbone/tokenizer/wordCache.ts";
import { wordFormOf } from "../../../src/backbone/tokenizer/wordForm.ts";
import { MersenneTwister } from "../../../src/base/random.ts";

const TINY = "models/tiny-t5";
const folder = mkdtempSync(join(tmpdir(), "adept-words-"));
after(() => {
  rmSync(folder, { recursive: true });
});

/** Pieces of texts: what is cut at spaces, and all that only looks so. */
const PIECES = [
  ..."aeT0159.,'\"-_/()<>~".split(""),
  ...["the", "cat's", "we'LL", "</s>", "<pad>", "<extra_id_3>", "<mark>", "w12", "Straße", "mañana", "ﬁ", "①", "ＡＢ"],
  ...["é", "é", "́", "¨", "́b", "가", "가", "ᆨ", "漢字", "カ", "ก็", "नि", "ൎ", "؀", "‏", "👩‍👧", "🇩🇪", "‍", "­", "﻿"],
  ...["\u00a0", "\u2003", "\u3000", "\u0085", "\u001f", "\ud800", "\ufffd", "▁", "▁▁", "Ġ"],
];
const GAPS = [" ", " ", " ", " ", "", "", "  ", "   ", "\n", " \n", "\n ", "\t", "\r\n", " \t "];

function randomText(random: MersenneTwister): string {
  const draw = (from: readonly string[]): string => from[Math.floor(random.uniform() * from.length)]!;
  const length = Math.floor(random.uniform() * 14);
  return Array.from({ length }, () => draw(PIECES) + draw(GAPS)).join("");
}

/** A byte-level tokenizer with a few merges and an added token. */
function byteLevel(name: string, changes: object): string {
  const bytes = byteCharacters();
  const merges = ["t h", "th e", "Ġ the", "Ġ a", "a t", "' s", ". .", "Ġ Ġ", "Ġ 1", "c a", "1 2", "Ċ Ċ"];
  const pieces = [...bytes, ...merges.map((merge) => merge.replace(" ", ""))];
  const path = join(folder, name);
  const json = {
    version: "1.0",
    added_tokens: ["<mark>", "</s>"].map((content, at) => ({
      id: pieces.length + at,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges: merges.map((merge) => merge.split(" ")),
    },
    ...changes,
  };
  return write(path, json);
}

function write(path: string, json: object): string {
  mkdirSync(path);
  writeFileSync(join(path, "tokenizer.json"), JSON.stringify(json));
  return path;
}

const split = (numbers: string): object => ({
  type: "Sequence",
  pretokenizers: [
    {
      type: "Split",
      pattern: {
        Regex: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
      },
      behavior: "Isolated",
      invert: false,
    },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
});
const tiny = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(TINY, "tokenizer.json"), "utf8")) as Record<string, unknown>;
const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };

/** The folders of tokenizers, each with the way in which it cuts texts. */
const FORMS: Record<string, { folder: string; kind: string }> = {
  "the embedded T5": { folder: TINY, kind: "words" },
  "T5 as transformers saves it": {
    folder: write(join(folder, "t5"), {
      ...tiny(),
      normalizer: {
        type: "Sequence",
        normalizers: [{ type: "NFKC" }, { type: "Replace", pattern: { Regex: " {2,}" }, content: " " }],
      },
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] },
    }),
    kind: "words",
  },
  "GPT-2": { folder: byteLevel("gpt2", {}), kind: "spaced" },
  "GPT-2 with a space before": {
    folder: byteLevel("prefix", {
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    }),
    kind: "spaced",
  },
  "single digits": {
    folder: byteLevel("digits", {
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Digits", individual_digits: true },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
        ],
      },
    }),
    kind: "spaced",
  },
  "Llama 3": { folder: byteLevel("llama3", { pre_tokenizer: split("\\p{N}{1,3}") }), kind: "spaced" },
  "Qwen 2": {
    folder: byteLevel("qwen2", { normalizer: { type: "NFC" }, pre_tokenizer: split("\\p{N}") }),
    kind: "spaced",
  },
};

const others = ["../shared/goldens/models", "../shared/field/models", "test/cache"].flatMap((parent) =>
  existsSync(parent)
    ? readdirSync(parent)
        .map((name) => join(parent, name))
        .filter((each) => ["tokenizer.json", "spiece.model", "merges.txt"].some((name) => existsSync(join(each, name))))
    : [],
);

async function compare(tokenizer: TextTokenizer, texts: readonly string[]): Promise<void> {
  for (const text of texts)
    for (const addSpecial of [true, false])
      for (const maxLength of [Infinity, 7, 1]) {
        const { ids } = await tokenizer.encode(text, { addSpecial, maxLength });
        assert.deepEqual(await tokenizer.encodeIds(text, { addSpecial, maxLength }), ids, JSON.stringify(text));
      }
}

for (const [name, { folder: path, kind }] of Object.entries(FORMS))
  test(`${name}: tokens by words are those of the whole text`, async () => {
    const json = JSON.parse(readFileSync(join(path, "tokenizer.json"), "utf8")) as object;
    assert.equal(wordFormOf(json)?.kind, kind);
    const random = new MersenneTwister(7);
    const texts = Array.from({ length: 1500 }, () => randomText(random));
    const tokenizer = loadTokenizer(path);
    await Promise.all(texts.slice(0, 700).map((text) => tokenizer.encodeIds(text)));
    await compare(tokenizer, texts);
  });

for (const path of others)
  test(`tokens by words are those of the whole text: ${path}`, async () => {
    const random = new MersenneTwister(8);
    await compare(
      loadTokenizer(path),
      Array.from({ length: 400 }, () => randomText(random)),
    );
  });

test("a tokenizer that does not cut at every space, or draws at random, is not read by words", () => {
  const json = tiny();
  const refused: Record<string, object> = {
    "no cut at all": { ...json, pre_tokenizer: null },
    "a mark before the first word alone": { ...json, pre_tokenizer: { ...metaspace, prepend_scheme: "first" } },
    "no cut at the mark": { ...json, pre_tokenizer: { ...metaspace, split: false } },
    "spaces that are seen": { ...json, normalizer: { type: "NFKC" } },
    "a normaliser that is not known": { ...json, normalizer: { type: "Lowercase" } },
    "an added token with a space": { ...json, added_tokens: [{ content: "New York" }] },
    "an expression that is not known": { ...json, pre_tokenizer: { type: "Split", pattern: { Regex: "e" } } },
    "tokens at random": {
      ...(JSON.parse(readFileSync(join(FORMS["GPT-2"]!.folder, "tokenizer.json"), "utf8")) as object),
      model: { type: "BPE", dropout: 0.1 },
    },
  };
  for (const [name, each] of Object.entries(refused)) assert.equal(wordFormOf(each), undefined, name);
});

test("words that come again are asked for once, and what is known is bounded", async () => {
  let asked = 0;
  const cache = new WordCache({ kind: "words", added: [] }, (texts) => {
    asked += texts.length;
    return Promise.resolve(texts.map((text) => [text.length]));
  });
  const tokens = async (text: string): Promise<number[]> => {
    const ids: number[] = [];
    assert.ok(await cache.addTokens(text, ids));
    return ids;
  };
  assert.deepEqual(await tokens("one  two one"), [3, 3, 3]);
  await Promise.all([tokens("two three"), tokens("three four"), tokens("one")]);
  assert.equal(asked, 4);
  const many = Array.from({ length: 250_000 }, (_, at) => `n${at}`);
  for (let at = 0; at < many.length; at += 1000) await tokens(`${many.slice(at, at + 1000).join(" ")} one`);
  assert.equal(asked, 4 + many.length, "a word that is used stays");
  await tokens("n0");
  assert.equal(asked, 5 + many.length, "a word that is not used goes");
});
