import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";

const TINY = join(import.meta.dirname, "../../../models/tiny-t5");
const tokenizer = loadTokenizer(TINY);
const TEXT = "the first of all the mails that came today";

test("a cut text keeps </s>, and lengths asked for at the same time do not mix", async () => {
  const whole = await tokenizer.encodeIds(TEXT);
  const [short, long, all] = await Promise.all(
    [3, 6, 100].map((maxLength) => tokenizer.encodeIds(TEXT, { maxLength })),
  );
  assert.deepEqual(short, [...whole.slice(0, 2), 1]);
  assert.deepEqual(long, [...whole.slice(0, 5), 1]);
  assert.deepEqual(all, whole);
  const { ids, offsets } = await tokenizer.encode(TEXT, { maxLength: 6 });
  assert.deepEqual(ids, long);
  assert.deepEqual(offsets.at(-1), [0, 0]);
});

test("offsets count UTF-16 units", async () => {
  const text = "😀 hello";
  const { offsets, tokens } = await tokenizer.encode(text);
  const at = tokens.findIndex((t) => t.includes("he"));
  assert.equal(text.slice(offsets[at]![0], offsets[at]![1]).trim(), tokens[at]!.replace("▁", ""));
});

test("a folder without tokenizer.json is a user's error that names it", () => {
  assert.throws(
    () => loadTokenizer("/nowhere"),
    (error) => error instanceof UserError && /nowhere/.test(error.message),
  );
});

test("a vocabulary beyond the backbone's embeddings is refused, and an added token beyond them where a text has it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-tokenizer-"));
  try {
    const json = JSON.parse(readFileSync(join(TINY, "tokenizer.json"), "utf8")) as {
      model: { vocab: unknown[] };
      added_tokens: object[];
    };
    const size = json.model.vocab.length;
    const id = tokenizer.vocabularySize;
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    json.added_tokens.push({ id, content: "<picture>", ...flags });
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
    assert.throws(
      () => loadTokenizer(folder, size - 1),
      new RegExp(`has ${size} tokens, its model embeds ${size - 1}`),
    );
    const exact = loadTokenizer(folder, size);
    assert.deepEqual(await exact.encodeIds(TEXT), await tokenizer.encodeIds(TEXT));
    await assert.rejects(exact.encodeIds("a <picture>"), new RegExp(`"<picture>" with the id ${id}`));
    assert.ok((await loadTokenizer(folder, id + 1).encodeIds("a <picture>")).includes(id));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
