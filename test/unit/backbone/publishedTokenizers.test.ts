import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { endTokens } from "../../../src/backbone/generationConfig.ts";
import { isCharsMap } from "../../../src/backbone/tokenizer/charsMap.ts";
import { loadTokenizer, type TextTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { UserError } from "../../../src/base/errors.ts";
import { EMPTY_MAP, PIECES, spiece, UNKNOWN } from "./spieceWriter.ts";

const place = mkdtempSync(join(tmpdir(), "adept-published-"));
after(() => {
  rmSync(place, { recursive: true });
});
let folders = 0;
function folderOf(files: Record<string, Uint8Array | string | object>): string {
  const folder = join(place, String(folders++));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files))
    writeFileSync(
      join(folder, name),
      typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  return folder;
}
const load = (files: Record<string, Uint8Array | string | object>): TextTokenizer => loadTokenizer(folderOf(files));
const refuses = (files: Record<string, Uint8Array | string | object>, ...words: RegExp[]): void => {
  assert.throws(
    () => load(files),
    (error) => {
      assert.ok(error instanceof UserError, String((error as Error).stack));
      for (const word of words) assert.match(error.message, word);
      return true;
    },
  );
};

test("a spiece.model is T5's tokenizer: its pieces, the sentinels behind them, </s> at the end", async () => {
  const tokenizer = load({ "spiece.model": spiece(PIECES) });
  assert.equal(tokenizer.vocabularySize, PIECES.length + 100);
  assert.deepEqual(await tokenizer.encodeIds(" ab  ba c<extra_id_0> <extra_id_99>"), [
    6,
    ...[3, 5, 4],
    ...[3, 2],
    PIECES.length + 99,
    PIECES.length,
    1,
  ]);
  assert.deepEqual(await tokenizer.encodeIds("a<sep>", { addSpecial: false }), [3, 4, 7]);
  assert.equal(await tokenizer.decode([6, 3, 4, 107, 1]), "ab a");
  const few = load({
    "spiece.model": spiece(PIECES),
    "tokenizer_config.json": { extra_ids: 2, additional_special_tokens: ["<extra_id_0>", "<extra_id_1>"] },
  });
  assert.deepEqual([few.idOf("<extra_id_0>"), few.idOf("<extra_id_1>"), few.vocabularySize], [9, 8, 10]);
  const none = load({ "spiece.model": spiece(PIECES), "tokenizer_config.json": { extra_ids: 0 } });
  assert.equal(none.vocabularySize, PIECES.length);
  assert.equal(none.idOf("<extra_id_0>"), undefined);
});

test("added tokens may lie beyond the embedding, also those that the vocabulary lists; pieces may not", async () => {
  const rows = PIECES.length + 2;
  const files: Record<string, Record<string, Uint8Array | object>> = {
    // As mT5 without tokenizer_config.json: the class's own hundred sentinels, of which the model has none.
    bare: { "spiece.model": spiece(PIECES) },
    some: { "spiece.model": spiece(PIECES), "tokenizer_config.json": { extra_ids: 7 } },
    more: { "spiece.model": spiece(PIECES), "added_tokens.json": { "<new>": rows + 200, "<other>": rows + 201 } },
    marks: {
      "vocab.json": { a: 0, b: 1, "</s>": 2, "<s>": rows, "<pad>": rows + 1, "<unk>": rows + 2, "<mask>": rows + 3 },
    },
  };
  for (const [name, own] of Object.entries(files)) {
    const folder = folderOf({
      ...own,
      ...(name === "marks" && { "merges.txt": "", "config.json": { model_type: "t5" } }),
    });
    const tokenizer = loadTokenizer(folder, rows);
    if (name === "marks") {
      await assert.rejects(
        tokenizer.encodeIds("ab"),
        new RegExp(`has the token "<s>" with the id ${rows}; .* ${rows} tokens`),
      );
      continue;
    }
    assert.deepEqual(await tokenizer.encodeIds("ab"), await load(own).encodeIds("ab"), name);
    await assert.rejects(tokenizer.encodeIds("a<extra_id_0>"), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, new RegExp(`"<extra_id_0>" with the id \\d+; the backbone embeds ${rows} tokens`));
      assert.match(error.action ?? "", /Leave that token out/);
      return true;
    });
    assert.throws(() => loadTokenizer(folder, PIECES.length - 2), /has \d+ tokens, its model embeds \d+/, name);
  }
});

test("a tokenizer.json goes before the files that it was made from", async () => {
  const json = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] },
  };
  assert.deepEqual(await load({ "tokenizer.json": json, "spiece.model": "damaged" }).encodeIds("ba"), [1, 0]);
});

test("a damaged or foreign spiece.model is the user's error that names it", () => {
  const whole = spiece(PIECES);
  refuses({ "spiece.model": "fake".repeat(100) }, /spiece\.model is no SentencePiece model/);
  refuses({ "spiece.model": "" }, /spiece\.model .*no pieces/);
  refuses({ "spiece.model": spiece(PIECES, { kind: 2 }) }, /kind is 2; a unigram model/);
  refuses({ "spiece.model": spiece(PIECES.filter(([, , type]) => type !== UNKNOWN)) }, /no piece for unknown/);
  refuses({ "spiece.model": spiece([...PIECES, ["x", NaN]]) }, /score is no number/);
  for (let at = 0; at < whole.length; at++)
    for (const value of [0, 0x7f, 0xff, whole[at]! ^ 1]) {
      // The table's own bytes are tried below.
      if (at > 200 && at < whole.length - 20) continue;
      const bytes = Uint8Array.from(whole);
      bytes[at] = value;
      try {
        load({ "spiece.model": bytes.subarray(0, value === 0x7f ? at : undefined) });
      } catch (error) {
        assert.ok(error instanceof UserError, `${at} ${value}: ${(error as Error).stack}`);
      }
    }
});

test("a normaliser's table that leads out of itself is refused, not read", () => {
  const table = (units: Record<number, number>, texts = ""): Uint8Array => {
    const bytes = Buffer.concat([EMPTY_MAP, Buffer.from(texts)]);
    for (const [i, unit] of Object.entries(units)) bytes.writeUInt32LE(unit, 4 + 4 * Number(i));
    return bytes;
  };
  // "a" stands for "é": the root's children at 1 ^ byte, the value at the child's own base.
  const a = 0x61;
  const child = 1 ^ a;
  const whole = { 0: 1 << 10, [child]: a | (1 << 8) | ((child ^ 2) << 10), 2: 0x80000000 };
  assert.equal(isCharsMap(table(whole, "é\0")), true);
  assert.equal(isCharsMap(table({ ...whole, 2: 0x80000001 }, "é\0")), false, "inside a character");
  assert.equal(isCharsMap(table({ ...whole, 2: 0x80000009 }, "é\0")), false, "behind the texts");
  assert.equal(isCharsMap(table({ ...whole, 0: 256 << 10 }, "é\0")), false, "outside of the array");
  assert.equal(isCharsMap(table({ ...whole, 0: 0x7ffffe00 }, "é\0")), false, "far outside");
  assert.equal(isCharsMap(table({ ...whole, 0: 0x80000000 + (256 << 10) }, "é\0")), false, "a root that is a value");
  assert.equal(isCharsMap(table(whole).subarray(0, 1000)), false, "cut off");
  assert.equal(isCharsMap(new Uint8Array(2)), false);
  refuses(
    { "spiece.model": spiece(PIECES, { map: table({ 0: 256 << 10 }) }) },
    /spiece\.model .*table of its normaliser is damaged/,
  );
});

const VOCAB = { "<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, a: 5, b: 6, Ġ: 7, ab: 8, Ġab: 9 };
const MERGES = "#version: 0.2\na b\nĠ ab\n";

test("vocab.json and merges.txt are RoBERTa's tokenizer for a T5, GPT-2's for a GPT-2 or CodeGen", async () => {
  const files = { "vocab.json": VOCAB, "merges.txt": MERGES };
  const roberta = load({ ...files, "config.json": { model_type: "t5" } });
  assert.deepEqual(await roberta.encodeIds("ab ab<mask>b"), [1, 8, 9, 4, 6, 2]);
  assert.equal(await roberta.decode([1, 8, 9, 2]), "ab ab");
  const named = {
    ...files,
    "tokenizer_config.json": { tokenizer_class: "RobertaTokenizerFast", add_prefix_space: true },
    "added_tokens.json": { "<extra_id_0>": 11, "<extra_id_1>": 10 },
  };
  assert.deepEqual(await load(named).encodeIds("ab<extra_id_0><extra_id_1>"), [1, 9, 11, 10, 2]);
  const gpt = { ...files, "vocab.json": { ...VOCAB, "<|endoftext|>": 10 } };
  for (const type of ["gpt2", "codegen"]) {
    const folder = folderOf({
      ...gpt,
      "config.json": { model_type: type },
      "added_tokens.json": { "  ": 11 },
      "tokenizer_config.json": { eos_token: "<|endoftext|>" },
    });
    assert.deepEqual(await loadTokenizer(folder).encodeIds("ab  ab<|endoftext|>"), [8, 11, 8, 10]);
    assert.deepEqual(endTokens(folder), [10]);
  }
  refuses({ ...files, "config.json": { model_type: "qwen2" } }, /are of a "qwen2", which cannot be read without it/);
  refuses({ ...files, "merges.txt": "a b\na b c\n", "config.json": { model_type: "t5" } }, /merges\.txt, line 2/);
  refuses({ ...files, "merges.txt": "a x\n", "config.json": { model_type: "t5" } }, /vocab\.json is not a tokenizer/);
  refuses({ ...files, "vocab.json": { a: "b" }, "config.json": { model_type: "t5" } }, /vocab\.json: a/);
});

test("an empty text in the place of a token is none: the class's own stands for it", async () => {
  const byte = { "vocab.json": VOCAB, "merges.txt": MERGES, "config.json": { model_type: "t5" } };
  const files: [Record<string, Uint8Array | string | object>, number[]][] = [
    [{ ...byte, "special_tokens_map.json": { cls_token: "", sep_token: { content: "" } } }, [1, 8, 2]],
    [{ ...byte, "tokenizer_config.json": { eos_token: "", bos_token: "", unk_token: "" } }, [1, 8, 2]],
    [{ "spiece.model": spiece(PIECES), "tokenizer_config.json": { eos_token: "", pad_token: "" } }, [6, 1]],
    [{ "tokenizer_config.json": { tokenizer_class: "ByT5Tokenizer", eos_token: { content: "" } } }, [100, 101, 1]],
  ];
  for (const [each, ids] of files) assert.deepEqual(await load(each).encodeIds("ab"), ids);
});

test("ByT5 has no file: a byte is its value plus 3", async () => {
  const folder = folderOf({ "tokenizer_config.json": { tokenizer_class: "ByT5Tokenizer", eos_token: "</s>" } });
  const tokenizer = loadTokenizer(folder);
  const text = "é a\n🙂";
  assert.deepEqual(await tokenizer.encodeIds(text), [...Buffer.from(text).map((byte) => byte + 3), 1]);
  assert.deepEqual(await tokenizer.encodeIds("<extra_id_0> </s>x"), [259, 1, 0x78 + 3, 1], "an end token takes spaces");
  assert.equal(tokenizer.vocabularySize, 384);
  assert.equal(
    await tokenizer.decode([...(await tokenizer.encodeIds(text)), 0xc3 + 3]),
    text,
    "a cut character is left out",
  );
  assert.equal(await tokenizer.decode([...Buffer.from("\ufffd").map((byte) => byte + 3)]), "\ufffd");
  assert.deepEqual(endTokens(folder), [1]);
  const { offsets } = await tokenizer.encode("é🙂");
  assert.deepEqual(offsets.slice(0, 3), [
    [0, 1],
    [0, 1],
    [1, 3],
  ]);
});

test("a folder without a tokenizer is told which files one has", () => {
  refuses({ "vocab.json": VOCAB }, /has no tokenizer\.json, .*spiece\.model, or vocab\.json with merges\.txt/);
});
