import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { GgufMetadata, type GgufValue } from "../../../src/backbone/gguf/ggufMetadata.ts";
import { ggufTokenizer } from "../../../src/backbone/gguf/ggufTokenizer.ts";
import { endTokens } from "../../../src/backbone/generationConfig.ts";
import { loadTokenizer, type TextTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../../src/backbone/tokenizer/tokenizerConfig.ts";
import { UserError } from "../../../src/base/errors.ts";
import { EMPTY_MAP } from "./spieceWriter.ts";

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER = 4;
const UNUSED = 5;
const BYTE = 6;
/** A token: its text, its kind, its score. */
type Token = [text: string, type?: number, score?: number];
type Facts = Record<string, GgufValue>;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Metadata: keys without a dot are the tokenizer's. */
const metadata = (facts: Facts): GgufMetadata =>
  new GgufMetadata(
    "some.gguf",
    new Map(Object.entries(facts).map(([key, value]) => [key.includes(".") ? key : `tokenizer.ggml.${key}`, value])),
  );

/** A model folder with the files of a tokenizer. */
function folderOf(facts: Facts): string {
  const folder = mkdtempSync(join(tmpdir(), "gguf-tokenizer-"));
  folders.push(folder);
  const { tokenizer, tokenizerConfig, generationConfig } = ggufTokenizer(metadata(facts));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(tokenizerConfig));
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify(generationConfig));
  return folder;
}
const opened = (facts: Facts): TextTokenizer => loadTokenizer(folderOf(facts));
const pieces = async (facts: Facts, text: string): Promise<string[]> => (await opened(facts).encode(text)).tokens;

const listed = (tokens: readonly Token[]): Facts => ({
  tokens: tokens.map(([text]) => text),
  token_type: Float64Array.from(tokens, ([, type = NORMAL]) => type),
});
const scored = (tokens: readonly Token[]): Facts => ({
  ...listed(tokens),
  scores: Float64Array.from(tokens, ([, , score = 0]) => score),
});

/** The character of each byte in byte-level pieces. */
const ALPHABET = Array.from({ length: 256 }, (_, byte) => byte).reduce<string[]>((found, byte) => {
  const isShown = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const hidden = found.filter((character) => character.charCodeAt(0) > 0xff).length;
  return [...found, String.fromCharCode(isShown ? byte : 0x100 + hidden)];
}, []);
/** A byte-level tokenizer; each merge makes a token. "zq" is a token that no merge makes. */
function byteLevel(pre: string | undefined, merges: readonly string[], more: readonly Token[] = []): Facts {
  const made = merges.map((merge): Token => [merge.replace(" ", "")]);
  return {
    model: "gpt2",
    ...(pre !== undefined && { pre }),
    "general.architecture": "llama",
    ...listed([...ALPHABET.map((text): Token => [text]), ...made, ["zq"], ...more]),
    merges,
  };
}
const MERGES = ["1 2", "12 3", "123 4", "o B", ". a", "Ġ b"];

describe("byte-level tokenizers", () => {
  // Digits together, letters of both cases, a sign before a letter, and whether a word that is a token is taken whole.
  const CUTS: [pre: string, digits: string[], rest: string[], whole: boolean, composes: boolean][] = [
    ["gpt-2", ["1234"], ["oB", ".", "a", "Ġb"], false, false],
    ["phi-2", ["1234"], ["oB", ".", "a", "Ġb"], false, false],
    ["olmo", ["1234"], ["oB", ".", "a", "Ġb"], false, true],
    ["mpt", ["1234"], ["oB", ".", "a", "Ġb"], false, true],
    ["llama-bpe", ["123", "4"], ["oB", ".a", "Ġb"], true, false],
    ["llama3", ["123", "4"], ["oB", ".a", "Ġb"], true, false],
    ["dbrx", ["123", "4"], ["oB", ".a", "Ġb"], false, false],
    ["smaug-bpe", ["123", "4"], ["oB", ".a", "Ġb"], false, false],
    ["qwen2", [..."1234"], ["oB", ".a", "Ġb"], false, true],
    ["smollm", [..."1234"], ["oB", ".", "a", "Ġb"], false, false],
    ["refact", [..."1234"], ["oB", ".", "a", "Ġb"], false, false],
    ["tekken", [..."1234"], ["o", "B", ".a", "Ġb"], true, false],
    ["gpt-4o", ["123", "4"], ["o", "B", ".a", "Ġb"], false, false],
    ["deepseek-coder", [..."1234"], ["oB", ".", "a", "Ġb"], false, false],
    ["default", ["123", "4"], ["oB", ".", "a", "Ġb"], false, false],
  ];
  for (const [pre, digits, rest, whole, composes] of CUTS)
    test(`${pre} cuts a text as its models do`, async () => {
      const tokenizer = opened(byteLevel(pre, MERGES));
      const of = async (text: string): Promise<string[]> => (await tokenizer.encode(text)).tokens;
      assert.deepEqual(await of("1234"), digits);
      assert.deepEqual(await of("oB.a b"), rest);
      assert.deepEqual(await of("zq"), whole ? ["zq"] : ["z", "q"]);
      assert.equal((await of("e\u0301")).length, composes ? 2 : 3);
      assert.equal(await tokenizer.decode(await tokenizer.encodeIds("oB.a  b\n")), "oB.a  b\n");
    });

  test("an older file without a pre-tokenizer has that of its architecture", async () => {
    const facts = { ...byteLevel(undefined, MERGES), "general.architecture": "qwen2" };
    assert.deepEqual(await pieces(facts, "1234"), [..."1234"]);
    assert.deepEqual(await pieces({ ...facts, "general.architecture": "gpt2" }, "oB.a b"), ["oB", ".", "a", "Ġb"]);
  });

  test("of equal merges the first counts", async () => {
    assert.deepEqual(await pieces(byteLevel("gpt-2", ["a b", "b c"]), "abc"), ["ab", "c"]);
    const twice = { ...byteLevel("gpt-2", ["a b", "b c"]), merges: ["a b", "b c", "a b"] };
    assert.deepEqual(await pieces(twice, "abc"), ["ab", "c"]);
  });
});

describe("tokens of a byte-level tokenizer that have a use", () => {
  const marks: Token[] = [
    ["<|begin|>", CONTROL],
    ["<|im_end|>", USER],
    ["   ", USER],
    ["<think>", USER],
    ["[PAD267]", UNUSED],
    ["__proto__", USER],
  ];
  const at = 256 + MERGES.length + 1;

  test("marks are found in a text, fillers are not", async () => {
    const facts = byteLevel("gpt-2", MERGES, marks);
    const tokenizer = opened(facts);
    assert.deepEqual(await tokenizer.encodeIds("<|begin|>a   b<think>__proto__"), [at, 97, at + 2, 98, at + 3, at + 5]);
    assert.equal((await tokenizer.encodeIds("[PAD267]")).length, 8);
    // What ends an answer is no text, whatever the file says it is.
    assert.deepEqual([...tokenizer.special].sort(), [at, at + 1]);
    assert.equal(await tokenizer.decode([at, at + 1, at + 3]), "<think>");
    assert.equal(tokenizer.idOf("[PAD267]"), undefined);
  });

  test("the beginning token stands before a text where the file says so, or is silent and Llama 3 has it", async () => {
    const facts = { ...byteLevel("qwen2", MERGES, marks), bos_token_id: at, eos_token_id: at + 1 };
    assert.deepEqual(await opened(facts).encodeIds("a"), [97]);
    assert.deepEqual(await opened({ ...facts, add_bos_token: true }).encodeIds("a"), [at, 97]);
    assert.deepEqual(await opened({ ...facts, add_eos_token: true }).encodeIds("a"), [97, at + 1]);
    assert.deepEqual(await opened({ ...facts, pre: "llama-bpe" }).encodeIds("a"), [at, 97]);
    assert.deepEqual(await opened({ ...facts, pre: "llama-bpe", add_bos_token: false }).encodeIds("a"), [97]);
    assert.deepEqual(await opened(byteLevel("llama-bpe", MERGES)).encodeIds("a"), [97]);
  });

  test("special tokens, ends and templates are in the files beside", () => {
    const facts: Facts = {
      ...byteLevel("qwen2", MERGES, marks),
      bos_token_id: at,
      eos_token_id: at + 3,
      eot_token_id: at + 5,
      padding_token_id: 0xffffffff,
      "tokenizer.chat_template": "{{ messages }}",
    };
    const one = readTokenizerConfig(folderOf(facts));
    assert.deepEqual(one.specialTokens, { bos_token: "<|begin|>", eos_token: "<think>" });
    assert.deepEqual(one.templates, { default: "{{ messages }}" });
    assert.equal(one.addedIds.get("__proto__"), at + 5);
    const folder = folderOf({ ...facts, "tokenizer.chat_template.tool_use": "{{ tools }}" });
    assert.deepEqual(readTokenizerConfig(folder).templates, { default: "{{ messages }}", tool_use: "{{ tools }}" });
    assert.deepEqual(endTokens(folder), [at + 1, at + 3, at + 5]);
  });
});

const BYTES = Array.from({ length: 256 }, (_, byte): Token => [
  `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  BYTE,
]);
const HEAD: Token[] = [["<unk>", UNKNOWN], ["<s>", CONTROL], ["</s>", CONTROL], ...BYTES];
const LLAMA: Token[] = [
  ...HEAD,
  ["▁a", NORMAL, -3],
  ["ab", NORMAL, -2],
  ["bc", NORMAL, -1],
  ["▁abc", NORMAL, -4],
  ["▁▁", NORMAL, -5],
  ...[..."▁abc"].map((text): Token => [text, NORMAL, -9]),
];
const llama = (tokens: readonly Token[], more: Facts = {}): Facts => ({
  model: "llama",
  "general.architecture": "llama",
  ...scored(tokens),
  ...more,
});

describe("SentencePiece's merges", () => {
  test("tokens with higher scores are made first; every way to make one is a merge", async () => {
    assert.deepEqual(await pieces(llama(LLAMA), "abc"), ["<s>", "▁abc"]);
    assert.deepEqual(await pieces(llama(LLAMA, { add_bos_token: false }), "cab"), ["▁", "c", "ab"]);
    assert.deepEqual(await pieces(llama(LLAMA, { add_eos_token: true }), "bab"), ["<s>", "▁", "b", "ab", "</s>"]);
  });

  test("of tokens with one score the earlier is made first", async () => {
    const same = LLAMA.map(([text, type]): Token => [text, type, -1000]);
    assert.deepEqual(await pieces(llama(same), "abb"), ["<s>", "▁a", "b", "b"]);
    assert.deepEqual(await pieces(llama(LLAMA), "abb"), ["<s>", "▁", "ab", "b"]);
  });

  test("what has no token is spelled by bytes; a mark for a space stands before each text, and goes", async () => {
    const tokenizer = opened(llama(LLAMA));
    const { ids, tokens } = await tokenizer.encode(" a\né</s>a");
    const spelled = ["<s>", "▁", "▁a", "<0x0A>", "<0xC3>", "<0xA9>", "</s>", "▁a"];
    assert.deepEqual(tokens, spelled);
    assert.equal(await tokenizer.decode(ids), " a\né a");
  });

  test("without the key for a space no mark stands before a text", async () => {
    const tokenizer = opened(llama(LLAMA, { add_space_prefix: false }));
    const { ids, tokens } = await tokenizer.encode("ab a");
    assert.deepEqual(tokens, ["<s>", "ab", "▁a"]);
    assert.equal(await tokenizer.decode(ids), "ab a");
  });

  test("the unknown token stands for what has none where there are no bytes", async () => {
    const tokens = LLAMA.filter(([, type]) => type !== BYTE);
    assert.deepEqual(await pieces(llama(tokens), "aéé"), ["<s>", "▁a", "<unk>"]);
  });

  test("the ways to make one token are in the order of the ids of its parts", () => {
    const made: Token[] = [["ab"], ["bc"], ["abc", NORMAL, 1], ["a"], ["b"], ["c"]];
    const { tokenizer } = ggufTokenizer(metadata(llama([...HEAD, ...made])));
    assert.deepEqual((tokenizer as { model: { merges: unknown } }).model.merges, [
      ["ab", "c"],
      ["a", "bc"],
      ["a", "b"],
      ["b", "c"],
    ]);
  });

  test("merges that a file lists go before its scores", async () => {
    assert.deepEqual(await pieces(llama(LLAMA, { merges: ["▁ a"] }), "abc"), ["<s>", "▁a", "b", "c"]);
  });
});

describe("families of SentencePiece", () => {
  test("a Gemma's runs of spaces are one token each, lines are matched as they are", async () => {
    const gemma: Token[] = [
      ...HEAD,
      ["  ", USER, -1000],
      ["   ", USER, -1000],
      ["\n\n", USER, -1000],
      ["▁a", NORMAL, -1],
      ["▁", NORMAL, -2],
      ["a", NORMAL, -3],
    ];
    const facts = llama(gemma, { "general.architecture": "gemma2", add_space_prefix: false });
    assert.deepEqual(await pieces(facts, "a   a\n\na  a"), ["<s>", "a", "▁▁▁", "a", "\n\n", "a", "▁▁", "a"]);
    assert.deepEqual(await pieces(facts, "a a"), ["<s>", "a", "▁a"]);
  });

  test("the marks of Phi-3 swallow the space behind them, others do not", async () => {
    const phi3: Token[] = [...LLAMA, ["<|user|>", CONTROL], ["<|endoftext|>", CONTROL]];
    const facts = llama(phi3, { "general.architecture": "phi3", add_bos_token: false });
    assert.deepEqual(await pieces(facts, "<|user|>\n a<|endoftext|> a"), [
      "<|user|>\n ",
      "▁a",
      "<|endoftext|>",
      "▁",
      "▁a",
    ]);
    assert.deepEqual(await pieces({ ...facts, "general.architecture": "llama" }, "<|user|> a"), [
      "<|user|>",
      "▁",
      "▁a",
    ]);
  });
});

const T5: Token[] = [
  ["<pad>", CONTROL],
  ["</s>", CONTROL],
  ["<unk>", UNKNOWN],
  ["▁", NORMAL, -2],
  ["a", NORMAL, -3],
  ["b", NORMAL, -3],
  ["▁ab", NORMAL, -1],
];
const filled = (count: number): Token[] => [
  ...T5,
  ...Array.from({ length: count }, (_, i): Token => [`[PAD${T5.length + i}]`, UNUSED, -10000]),
];
const t5 = (more: Facts = {}, tokens = filled(128)): Facts => ({ model: "t5", ...scored(tokens), ...more });

describe("unigram tokenizers", () => {
  test("the best pieces, an end, sentinels in place of fillers", async () => {
    const tokenizer = opened(t5());
    assert.deepEqual(await tokenizer.encodeIds("ab  b x"), [6, 3, 5, 3, 2, 1]);
    assert.deepEqual(await tokenizer.encodeIds("<extra_id_0> ab<extra_id_99>"), [106, 6, 7, 1]);
    assert.equal(tokenizer.vocabularySize, 107);
    assert.equal(await tokenizer.decode([6, 106, 3, 5, 1]), "ab b");
    assert.deepEqual(await opened(t5({ add_eos_token: false })).encodeIds("ab"), [6]);
  });

  test("a file that lists sentinels, or has few fillers, gets no others", () => {
    const own = opened(t5({}, [...filled(128), ["<extra_id_0>", USER]]));
    assert.equal(own.idOf("<extra_id_99>"), undefined);
    assert.equal(opened(t5({}, filled(99))).vocabularySize, T5.length);
  });

  test("the normaliser's table and the treatment of spaces are the file's", async () => {
    assert.deepEqual(await opened(t5({ precompiled_charsmap: Float64Array.from(EMPTY_MAP) })).encodeIds("ab"), [6, 1]);
    const spaces = t5({ remove_extra_whitespaces: false });
    assert.deepEqual(await opened(spaces).encodeIds("ab  b"), [6, 3, 3, 5, 1]);
    assert.deepEqual(await opened({ ...spaces, add_space_prefix: false }).encodeIds("ab"), [4, 5, 1]);
  });
});

/** A vocabulary without one of its keys. */
const without = (facts: Facts, key: string): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([each]) => each !== key));
const gpt2 = byteLevel("gpt-2", MERGES);
const BAD: [title: string, facts: Facts, code: string, names: RegExp][] = [
  ["no kind", without(gpt2, "model"), "gguf-tokenizer-key-missing", /"tokenizer\.ggml\.model"/],
  ["WordPiece", { ...gpt2, model: "bert" }, "gguf-tokenizer-unknown", /"bert"/],
  ["none", { model: "none" }, "gguf-tokenizer-unknown", /"none"/],
  ["an unknown pre-tokenizer", { ...gpt2, pre: "viking" }, "gguf-pre-tokenizer-unknown", /"viking".*qwen2/],
  ["no pre-tokenizer", without(gpt2, "pre"), "gguf-pre-tokenizer-missing", /"tokenizer\.ggml\.pre"/],
  ["no tokens", without(gpt2, "tokens"), "gguf-tokenizer-key-missing", /\.tokens"/],
  ["an empty vocabulary", { ...gpt2, tokens: [] }, "gguf-tokenizer-malformed", /\.tokens"/],
  ["equal tokens", llama([...LLAMA, ["▁a"]]), "gguf-tokenizer-malformed", /259 and 268 are both "▁a"/],
  ["too few kinds", { ...gpt2, token_type: Float64Array.of(1) }, "gguf-tokenizer-malformed", /1 types for 263 tokens/],
  ["an end beyond", { ...gpt2, eos_token_id: 263 }, "gguf-tokenizer-malformed", /eos_token_id".*263/],
  ["half an end", { ...gpt2, eot_token_id: 0.5 }, "gguf-tokenizer-malformed", /eot_token_id"/],
  ["a text as an end", { ...gpt2, eos_token_id: "2" }, "gguf-value-type", /eos_token_id"/],
  ["no beginning to add", { ...gpt2, add_bos_token: true }, "gguf-tokenizer-malformed", /add_bos_token"/],
  ["no merges", without(gpt2, "merges"), "gguf-tokenizer-key-missing", /\.merges"/],
  ["a merge of no tokens", { ...gpt2, merges: ["1 2", "xx y"] }, "gguf-tokenizer-malformed", /"xx y"/],
  ["a merge to no token", { ...gpt2, merges: ["x y"] }, "gguf-tokenizer-malformed", /"x y"/],
  ["a merge of one", { ...gpt2, merges: ["xy"] }, "gguf-tokenizer-malformed", /"xy"/],
  ["no scores", without(llama(LLAMA), "scores"), "gguf-tokenizer-key-missing", /\.scores"/],
  ["too few scores", llama(LLAMA, { scores: Float64Array.of(1) }), "gguf-tokenizer-malformed", /1 scores for 268/],
  ["a score NaN", llama([...LLAMA, ["x", NORMAL, NaN]]), "gguf-tokenizer-malformed", /score of token 268/],
  ["a score without end", t5({}, [...T5, ["x", NORMAL, -Infinity]]), "gguf-tokenizer-malformed", /score of token 7/],
  ["a damaged table", t5({ precompiled_charsmap: Float64Array.of(1, 2) }), "gguf-tokenizer-malformed", /charsmap"/],
];

describe("what cannot be read is refused, with the file and the key", () => {
  for (const [title, facts, code, names] of BAD)
    test(title, () => {
      assert.throws(
        () => ggufTokenizer(metadata(facts)),
        (error: unknown) => {
          assert.ok(error instanceof UserError, String(error));
          assert.equal(error.code, code);
          assert.match(error.message, names);
          assert.match(error.message, /some\.gguf/);
          assert.match(error.action ?? "", /Hugging Face folder|another GGUF file/);
          return true;
        },
      );
    });

  test("a vocabulary whose tokens are made of each other in every way ends soon", () => {
    const runs = Array.from({ length: 400 }, (_, i) =>
      Array.from({ length: 120 }, (_each, n): Token => [String.fromCharCode(0x4e00 + i).repeat(n + 1)]),
    ).flat();
    const from = performance.now();
    assert.throws(
      () => ggufTokenizer(metadata(llama([...HEAD, ...runs]))),
      (error: unknown) => error instanceof UserError && error.code === "gguf-tokenizer-malformed",
    );
    const long = llama([...LLAMA, ["ab".repeat(4_000_000)]]);
    assert.ok("tokenizer" in ggufTokenizer(metadata(long)));
    assert.ok(performance.now() - from < 20_000);
  });
});
