import assert from "node:assert/strict";
import { test } from "node:test";
import { OffsetRows } from "../../../src/adapter/offsetRows.ts";
import { isHeldWhole, rowChunks, rowsIn, type TokenRows } from "../../../src/backbone/tokenRows.ts";
import { neighbours, unitUse } from "../../../src/analysis/offsets/vocabularyTable.ts";

/** A table of a vocabulary that is too large to be held, with the ranges that were read of it. */
function largeTable(tokens = 70_000, width = 1024): TokenRows & { read: [number, number][] } {
  const read: [number, number][] = [];
  const rows = (from: number, to: number): Float32Array => {
    read.push([from, to]);
    const made = new Float32Array((to - from) * width);
    // Ids near each other have near directions; the two first columns go round the circle.
    for (let id = from; id < to; id++) {
      made[(id - from) * width] = Math.cos((6 * id) / tokens);
      made[(id - from) * width + 1] = Math.sin((6 * id) / tokens);
    }
    return made;
  };
  return { tokens, width, read, rows, row: (id) => rows(id, id + 1) };
}

test("chunks are all rows in order, and none is larger than some megabytes", () => {
  const table = largeTable();
  assert.ok(!isHeldWhole(table));
  let next = 0;
  for (const { first, rows } of rowChunks(table)) {
    assert.equal(first, next);
    assert.ok(rows.byteLength <= 2 ** 24);
    next += rows.length / table.width;
  }
  assert.equal(next, table.tokens);
});

test("offsets of a large vocabulary are made of the rows that are asked for, once each, with their ids", () => {
  const table = largeTable();
  const asked: number[] = [];
  const offsets = new OffsetRows(table, (rows, first) => {
    asked.push(first);
    return rows.map((x) => 2 * x + first);
  });
  assert.equal(offsets.row(40_000)[0], Math.fround(2 * Math.fround(Math.cos(240_000 / 70_000)) + 40_000));
  offsets.row(40_000);
  offsets.row(7);
  assert.deepEqual(asked, [40_000, 7]);
  assert.deepEqual(table.read, [
    [40_000, 40_001],
    [7, 8],
  ]);
});

test("offsets of a small vocabulary are made at once", () => {
  const made: number[] = [];
  const offsets = new OffsetRows(
    rowsIn(
      Float32Array.from({ length: 12 }, (_, i) => i),
      3,
    ),
    (rows, first) => {
      made.push(rows.length, first);
      return rows.map((x) => -x);
    },
  );
  assert.deepEqual([...offsets.row(2)], [-6, -7, -8]);
  assert.deepEqual([...offsets.rows(0, 1)], [-0, -1, -2]);
  assert.deepEqual(made, [12, 0]);
});

test("nearest words before and after an offset are found in one reading of the table, across chunks", () => {
  const table = largeTable();
  const turned = (id: number): Float32Array =>
    table.row((id + 30_000) % table.tokens).map((x, i) => x - table.row(id)[i]!);
  const chunks = [...rowChunks(table)].length;
  table.read.length = 0;
  const [near] = neighbours({ table, offsets: { row: turned } }, [20_000], 3);
  assert.deepEqual(near!.before.map(({ id }) => id).sort(), [19_999, 20_000, 20_001]);
  assert.equal(near!.before[0]!.id, 20_000);
  assert.equal(near!.after[0]!.id, 50_000);
  assert.equal(table.read.filter(([from, to]) => to - from > 1).length, chunks);
});

test("hidden units are counted over all chunks", () => {
  const table = largeTable(70_000, 1024);
  const weight = new Float32Array(1024 * 2);
  weight[0] = 1;
  weight[3] = 1;
  const use = unitUse(table, { weight, bias: undefined });
  const cosines = Array.from({ length: 70_000 }, (_, id) => Math.cos((6 * id) / 70_000) > 0);
  const sines = Array.from({ length: 70_000 }, (_, id) => Math.sin((6 * id) / 70_000) > 0);
  const share = (on: boolean[]): number => on.filter(Boolean).length / on.length;
  assert.deepEqual(use.active, [share(cosines), share(sines)]);
  assert.equal(use.off, cosines.filter((on, id) => !on && !sines[id]).length);
  assert.equal(use.perToken[60_000], Number(cosines[60_000]) + Number(sines[60_000]));
});
