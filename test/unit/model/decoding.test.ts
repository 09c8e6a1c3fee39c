import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { T5Config } from "../../../src/backbone/t5/t5Config.ts";
import type { HostTensor } from "../../../src/engine/program.ts";
import { T5Decoding } from "../../../src/backbone/t5/t5Feeds.ts";
import { decodeTokens } from "../../../src/model/decoding.ts";

const V = 9;
const EOS = 1;
const config = {
  heads: 2,
  headWidth: 1,
  decoderLayers: 1,
  eos: EOS,
  pad: 0,
  start: 0,
  buckets: 4,
  maxDistance: 8,
} as unknown as T5Config;

/**
 * A decoder that says each text's own answer. What it is fed of a text carries the text's number, and its past the
 * tokens that were said so far: rows that got mixed up show.
 */
function decoderOf(answers: readonly (readonly number[])[], seen: number[]) {
  return (feeds: Record<string, HostTensor>): Promise<Record<string, HostTensor>> => {
    const rows = feeds["decoderIds"]!.dims[0]!;
    const texts = feeds["crossMask"]!.data as Float32Array;
    const past = feeds["pastKey0"]!;
    const length = past.dims[2]!;
    const logits = new Float32Array(rows * V);
    const present = new Float32Array(rows * 2 * (length + 1));
    seen.push(rows);
    for (const name of ["crossMask", "crossKey0", "pastKey0", "pastValue0"])
      assert.equal(feeds[name]!.dims[0], rows, name);
    for (let row = 0; row < rows; row++) {
      const text = texts[row]!;
      const said = (feeds["decoderIds"]!.data as Int32Array)[row]!;
      const answer = answers[text]!;
      assert.equal((feeds["crossKey0"]!.data as Float32Array)[2 * row], text);
      for (let head = 0; head < 2; head++) {
        const own = (past.data as Float32Array).subarray((row * 2 + head) * length, (row * 2 + head + 1) * length);
        if (length <= answer.length)
          own.forEach((id, at) => {
            assert.equal(id, at === 0 ? 0 : answer[at - 1], "the past is the text's own");
          });
        present.set(own, (row * 2 + head) * (length + 1));
        present[(row * 2 + head) * (length + 1) + length] = said;
      }
      logits[row * V + (answer[length] ?? 5)] = 1;
    }
    const kept = { data: present, dims: [rows, 2, length + 1, 1] };
    return Promise.resolve({ logits: { data: logits, dims: [rows, 1, V] }, presentKey0: kept, presentValue0: kept });
  };
}

test("each text gets its own answer up to its end, whichever end first, and ended ones are not computed to the last", async () => {
  const answer = fc.array(fc.integer({ min: 2, max: V - 1 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (texts, maxTokens) => {
        const answers = texts.map((ids) => [...ids, EOS]);
        const seen: number[] = [];
        const rows = texts.length;
        const fixed = {
          crossMask: { data: Float32Array.from(texts, (_, i) => i), dims: [rows, 1] },
          crossKey0: { data: Float32Array.from({ length: 2 * rows }, (_, i) => i >> 1), dims: [rows, 2, 1, 1] },
        };
        const got = await decodeTokens(decoderOf(answers, seen), new T5Decoding(config, fixed, rows), {
          vocabulary: V,
          maxTokens,
        });
        assert.deepEqual(
          got,
          answers.map((ids) => ids.slice(0, maxTokens)),
        );
        assert.equal(
          seen.length,
          Math.min(maxTokens, Math.max(...answers.map((ids) => ids.length))),
          "no step after the last has ended",
        );
        // More than a quarter of what is computed has never ended before.
        seen.forEach((computed, t) => {
          assert.ok(
            computed * 0.75 <= answers.filter((ids) => ids.length > t).length || computed === 1,
            `${computed} rows at step ${t}`,
          );
        });
      },
    ),
    { numRuns: 300 },
  );
});

test("for timing, rows go on after their end: as many steps whatever they say", async () => {
  const seen: number[] = [];
  const fixed = {
    crossMask: { data: Float32Array.of(0, 1), dims: [2, 1] },
    crossKey0: { data: Float32Array.of(0, 0, 1, 1), dims: [2, 2, 1, 1] },
  };
  const got = await decodeTokens(decoderOf([[EOS], [3, EOS]], seen), new T5Decoding(config, fixed, 2), {
    vocabulary: V,
    maxTokens: 4,
    endless: true,
  });
  assert.deepEqual([seen, got.map((ids) => ids.length), got[0]![0]], [[2, 2, 2, 2], [4, 4], EOS]);
});
