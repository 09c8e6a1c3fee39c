import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { RowTokensCache } from "../../../src/heatmap/rowTokensCache.ts";
import { joinedInput, singleText } from "../../../src/heatmap/placedText.ts";
import type { TokenValues } from "../../../src/heatmap/placedTokens.ts";
import { chunkBounds, RowTokens, type TextChunk, type TokenLimits } from "../../../src/heatmap/rowTokens.ts";

const tokenizer = loadTokenizer(join(import.meta.dirname, "../../../models/tiny-t5"));
/** Makes a token of each word, with the word's length as value. */
const wordTokens = (text: string): TokenValues => {
  const words = [...text.matchAll(/\S+/g)];
  return {
    ids: words.map(({ 0: word }) => word.length),
    spans: words.flatMap(({ 0: word, index }) => [index, index + word.length]),
    values: words.map(({ 0: word }) => word.length),
  };
};
const ALL: TokenLimits = { mostTokens: Infinity, positionValues: undefined };
const prose = (text: string, limits = ALL): RowTokens =>
  new RowTokens({ text, lines: 1 }, [singleText({ text, at: 0 })], limits);
const task = (text: string, limits: TokenLimits): RowTokens =>
  new RowTokens({ text, lines: 1 }, [joinedInput(["say ", { text, at: 0 }])], limits);
const addAll = (tokens: RowTokens, chunks: readonly TextChunk[]): void => {
  for (const chunk of chunks) tokens.addChunk(chunk, wordTokens(chunk.content));
};

test("chunks of a text end before spaces, never split a surrogate pair, and together are the text", () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom("stone ", "paper, ", "😀", "好", "a".repeat(300), "\n"), { maxLength: 400 })
        .map((parts) => parts.join("")),
      (text) => {
        const bounds = chunkBounds(text);
        assert.equal(
          bounds
            .slice(0, -1)
            .map((from, i) => text.slice(from, bounds[i + 1]))
            .join(""),
          text,
        );
        for (const bound of bounds.slice(1, -1)) assert.ok(!/^[\uDC00-\uDFFF]/.test(text.slice(bound)), String(bound));
      },
    ),
  );
  const spaced = chunkBounds("stone ".repeat(1000));
  assert.ok(spaced.length > 8 && spaced.slice(1, -1).every((bound) => "stone ".repeat(1000)[bound] === " "));
});

test("the tokens of a text's chunks are those of the whole text", async () => {
  const text = Array.from(
    { length: 1500 },
    (_, i) => ["the", "committee's", "Tuesday,", "paper-stone", "(rose)", "río", `${i}`][(i * i) % 7],
  ).join(" ");
  const tokens = prose(text);
  const { ids, offsets } = await tokenizer.encode(text);
  for (const chunk of tokens.missingChunks([[0, text.length]])) {
    const own = await tokenizer.encode(chunk.content);
    tokens.addChunk(chunk, {
      ids: own.ids.slice(0, -1),
      spans: own.offsets.slice(0, -1).flat(),
      values: own.ids.slice(0, -1),
    });
  }
  const spots = tokens.placedTokens();
  assert.ok(tokens.isComplete && spots.length > 2000);
  assert.deepEqual(
    spots.map(({ id, position: place }) => [id, place]),
    ids.slice(0, -1).map((id, place) => [id, place]),
  );
  // The first token of a chunk does not include the space before it.
  for (const [i, { from, to }] of spots.entries())
    assert.deepEqual([text.slice(from, to).trim(), to], [text.slice(...offsets[i]!).trim(), offsets[i]![1]]);
});

test("only visible chunks are missing; far along a line a token's position is not known", () => {
  const text = "stone and paper ".repeat(5000);
  const tokens = prose(text);
  const first = tokens.missingChunks([[0, 400]]);
  assert.equal(first.length, 1);
  assert.ok(first[0]!.content.length < 800);
  addAll(tokens, first);
  assert.deepEqual(tokens.missingChunks([[0, 400]]), []);
  assert.equal(tokens.isComplete, false);
  const far = tokens.missingChunks([[60_000, 61_000]]);
  assert.ok(far.length >= 2 && far.length <= 4);
  addAll(tokens, far);
  const spots = tokens.placedTokens();
  const beyond = spots.filter(({ from }) => from > 50_000);
  assert.equal(spots[0]!.position, 0);
  assert.ok(
    beyond.length > 100 &&
      beyond.every(
        ({ position: place, value, from, to }) =>
          place === undefined && value === to - from && text.slice(from, to).trim() !== "",
      ),
  );
});

test("a task's input is tokenized as far as the model reads it, and tokens beyond have no value", () => {
  const text = "on the river ".repeat(2000);
  const tokens = task(text, { mostTokens: 300, positionValues: undefined });
  for (
    let rounds = 0, missing = tokens.missingChunks([[0, text.length]]);
    missing.length > 0;
    missing = tokens.missingChunks([[0, text.length]])
  ) {
    assert.ok(++rounds < 5);
    addAll(tokens, missing);
  }
  const spots = tokens.placedTokens();
  assert.ok(tokens.isComplete && spots.length >= 299 && spots.length < 800, `${spots.length}: not all of 6,000 words`);
  assert.deepEqual(
    spots.map(({ position: place }) => place),
    spots.map((_, i) => i + 1),
    "the template's word is the first token",
  );
  for (const { position: place, value, beyond } of spots)
    assert.deepEqual([value === null, beyond === true], [place! >= 300, place! >= 300]);
});

test("with values of positions, a token has the value of its position, as far as the table goes", () => {
  const places = Array.from({ length: 250 }, (_, i) => i / 10);
  const text = "on the river ".repeat(400);
  const tokens = prose(text, { mostTokens: Infinity, positionValues: places });
  addAll(tokens, tokens.missingChunks([[4000, 4100]]));
  assert.deepEqual(
    tokens.missingChunks([[4000, 4100]]),
    [],
    "chunks before are read too, and the table ends before these",
  );
  for (const { position: place, value, beyond } of tokens.placedTokens())
    assert.deepEqual([value, beyond ?? false], [places[place!] ?? null, place! >= 250]);
});

test("the cache keeps visible rows, however many tokens they have", () => {
  const cache = new RowTokensCache(100);
  const text = "one two three ".repeat(20);
  const make = (name: string): void => {
    const tokens = prose(`${name} ${text}`);
    addAll(tokens, tokens.missingChunks([[0, 1000]]));
    cache.add(name, tokens);
  };
  for (const name of ["seen 1", "seen 2", "seen 3"]) make(name);
  cache.pin(["seen 1", "seen 2", "seen 3"]);
  for (const name of ["around 1", "around 2"]) {
    make(name);
    cache.trim();
  }
  assert.deepEqual(
    ["seen 1", "seen 2", "seen 3"].map((name) => cache.get(name) !== undefined),
    [true, true, true],
  );
  assert.equal(cache.get("around 1"), undefined);
});
