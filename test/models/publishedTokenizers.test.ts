import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answerEnd } from "../../src/backbone/generationConfig.ts";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";

// Tokenizers in the files of older published models, against transformers on odd texts.

interface Expected {
  /** Tokens of the vocabulary, added ones included. */
  size: number;
  eos: number;
  cases: { text: string; ids: number[]; bare: number[]; decoded: string }[];
}

/** Made by test/models/prepare.sh; ADEPT_PUBLISHED names another folder, such as one of another seed. */
const MADE = join(process.env["ADEPT_PUBLISHED"] ?? join(import.meta.dirname, "../cache/published"), "tokenizers");

if (!existsSync(MADE)) throw new Error(`${MADE} is missing: run test/models/prepare.sh`);
for (const name of readdirSync(MADE).sort())
  test(`${name}: ids and decoded texts are transformers'`, async () => {
    const folder = join(MADE, name);
    const { size, eos, cases } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected;
    const tokenizer = loadTokenizer(folder);
    assert.ok(cases.length > 300);
    assert.equal(tokenizer.vocabularySize, size);
    if (!name.startsWith("t5") || existsSync(join(folder, "tokenizer_config.json")))
      assert.equal(answerEnd(folder, tokenizer) ?? eos, eos);
    for (const { text, ids, bare, decoded } of cases) {
      assert.deepEqual(await tokenizer.encodeIds(text), ids, JSON.stringify(text));
      assert.deepEqual(await tokenizer.encodeIds(text, { addSpecial: false }), bare, JSON.stringify(text));
      assert.equal(await tokenizer.decode(ids), decoded, JSON.stringify(text));
    }
  });
