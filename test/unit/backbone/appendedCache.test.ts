import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { AppendedCache } from "../../../src/backbone/causal/appendedCache.ts";
import type { CausalConfig } from "../../../src/backbone/causal/causalConfig.ts";
import { laterScoreFeeds } from "../../../src/backbone/causal/causalInputs.ts";
import { MASKED, tensor, type Feeds } from "../../../src/backbone/feeds.ts";

const HEADS = 2;
const WIDTH = 3;
const NAMES = ["keptKey0", "keptValue0", "keptKey1", "keptValue1"];
/** The number that stands for a place of a tensor. */
const mark = (row: number, head: number, name: number, column: number): number =>
  ((row * HEADS + head) * NAMES.length + name) * 1000 + column;

/** Keys and values of `columns` columns, each filled with its own number. */
function kept(rows: number, columns: number): Feeds {
  const made = (name: number): Float32Array =>
    Float32Array.from({ length: rows * HEADS * columns * WIDTH }, (_, i) => {
      const head = Math.floor(i / WIDTH / columns);
      return mark(Math.floor(head / HEADS), head % HEADS, name, Math.floor(i / WIDTH) % columns);
    });
  return Object.fromEntries(NAMES.map((name, i) => [name, tensor(made(i), rows, HEADS, columns, WIDTH)]));
}

test("what steps append stands behind the text in every row, head and layer, however many and whichever rows are left", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.boolean(), { maxLength: 80 }),
      (count, columns, removals) => {
        const given = kept(count, columns);
        const before = structuredClone(given);
        const cache = new AppendedCache(given, NAMES);
        let rows = Array.from({ length: count }, (_, row) => row);
        removals.forEach((isRemoved, step) => {
          const latest = rows.flatMap((row) =>
            Array.from({ length: HEADS }, (_, head) =>
              NAMES.flatMap((_, name) => new Array<number>(WIDTH).fill(mark(row, head, name, columns + step))),
            ).flat(),
          );
          cache.append(tensor(Float32Array.from(latest), rows.length, HEADS, NAMES.length, WIDTH));
          if (!isRemoved || rows.length === 1) return;
          cache.keepRows(rows.map((_, place) => place).slice(1));
          rows = rows.slice(1);
        });
        const used = columns + removals.length;
        assert.equal(cache.columns - cache.spare, used);
        NAMES.forEach((name, i) => {
          const { data, dims } = cache.feeds[name]!;
          assert.deepEqual(dims, [rows.length, HEADS, cache.columns, WIDTH]);
          rows.forEach((row, place) => {
            for (let head = 0; head < HEADS; head++)
              for (let column = 0; column < used; column++) {
                const at = ((place * HEADS + head) * cache.columns + column) * WIDTH;
                assert.equal(data[at + WIDTH - 1], mark(row, head, i, column));
              }
          });
        });
        assert.deepEqual(given, before, "the text's own tensors are left alone");
      },
    ),
  );
});

test("empty columns before a query's own are hidden, and the others are hidden as without them", () => {
  const place = fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    earlier: fc.integer({ min: 0, max: 6 }),
    queries: fc.integer({ min: 1, max: 3 }),
    spare: fc.integer({ min: 0, max: 4 }),
    window: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(place, ({ lengths, earlier, queries, spare, window }) => {
      const config = { layers: [{ window }] } as unknown as CausalConfig;
      const places = { lengths, kept: 6, behind: earlier + queries, queries };
      const [bare] = Object.values(laterScoreFeeds(config, places));
      const [found] = Object.values(laterScoreFeeds(config, { ...places, spare }));
      const from = 6 + earlier;
      const wanted = Array.from({ length: lengths.length * queries }, (_, row) => {
        const own = [...bare!.data.subarray(row * (from + queries), (row + 1) * (from + queries))];
        return [...own.slice(0, from), ...new Array<number>(spare).fill(MASKED), ...own.slice(from)];
      });
      // fp32 holds the number that hides a key exactly.
      assert.deepEqual([...found!.data], wanted.flat());
    }),
  );
});
