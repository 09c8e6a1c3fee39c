import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { disjointRanges } from "../../../src/heatmap/disjointRanges.ts";
import { singleText } from "../../../src/heatmap/placedText.ts";
import { placeTokens, type PlacedToken } from "../../../src/heatmap/placedTokens.ts";
import { SPECIAL, writeByteTokenizer } from "../model/byteTokenizer.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-bytes-"));
after(() => {
  rmSync(folder, { recursive: true });
});
writeByteTokenizer(folder);
const tokenizer = loadTokenizer(folder);

/** A text's tokens at their places; each token's value is its number. */
async function placedIn(text: string): Promise<PlacedToken[]> {
  const { ids, offsets } = await tokenizer.encode(text);
  const values = ids.map((_, i) => i);
  return placeTokens(
    { text, line: 0, lines: text.split("\n").length },
    [singleText({ text, at: 0 })],
    [{ ids, spans: offsets.flat(), values }],
  );
}

test("every byte of an emoji, of a CJK or combined character stands at the whole character", async () => {
  const placed = await placedIn("a😀漢e\u0301");
  assert.deepEqual(
    placed.map(({ from, to }) => [from, to]),
    [
      [0, 1],
      ...Array.from({ length: 4 }, () => [1, 3]),
      ...Array.from({ length: 3 }, () => [3, 4]),
      [4, 5],
      ...Array.from({ length: 2 }, () => [5, 6]),
    ],
  );
  // The character has the value of its strongest token: of the emoji token 4, of 漢 token 7, of the accent token 10.
  assert.deepEqual(
    [...disjointRanges(placed)].map(({ from, to, value }) => [from, to, value]),
    [
      [0, 1, 0],
      [1, 3, 4],
      [3, 4, 7],
      [4, 5, 8],
      [5, 6, 10],
    ],
  );
});

test("of any text every visible character has a colour, once, and every byte a place", async () => {
  const letters = fc.constantFrom("a", " ", "\n", "é", "漢", "😀", "👩‍👩‍👧", "e\u0301", "\u00a0", "­", "<|user|>");
  await fc.assert(
    fc.asyncProperty(fc.array(letters, { minLength: 1, maxLength: 30 }), async (parts) => {
      const text = parts.join("");
      const placed = await placedIn(text);
      const lines = text.split("\n");
      const covered = lines.map((line) => new Array<number>(line.length).fill(0));
      for (const { line, from, to } of disjointRanges(placed)) {
        assert.ok(to > from);
        for (let i = from; i < to; i++) covered[line]![i]!++;
      }
      assert.deepEqual(
        covered,
        lines.map((line) => new Array<number>(line.length).fill(1)),
      );
      // A line break is the one byte that no line shows.
      const { ids } = await tokenizer.encode(text);
      assert.equal(placed.length, ids.length - (lines.length - 1));
    }),
  );
});

test("pieces are readable: a space where a word begins, a byte that is no character, special tokens as they are", async () => {
  const pieces = async (text: string): Promise<string[]> =>
    (await tokenizer.encode(text)).ids.map((id) => tokenizer.piece(id));
  assert.deepEqual(await pieces("a b"), ["a", " ", "b"]);
  assert.deepEqual(await pieces("é\n"), ["<0xC3>", "<0xA9>", "\n"]);
  assert.deepEqual(await pieces("<|user|>hi<|end|>"), ["<|user|>", "h", "i", "<|end|>"]);
  assert.deepEqual(
    [...tokenizer.special],
    SPECIAL.map((_, id) => id),
  );
  assert.equal(tokenizer.piece(100_000), "");
});
