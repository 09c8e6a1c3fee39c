import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetGeometry, symmetricEigenvalues } from "../../../src/analysis/offsets/offsetGeometry.ts";
import { rowsIn } from "../../../src/backbone/tokenRows.ts";
import { MersenneTwister } from "../../../src/base/random.ts";

const near = (found: number, expected: number, bound = 1e-9): void => {
  assert.ok(Math.abs(found - expected) <= bound * Math.max(1, Math.abs(expected)), `${found} for ${expected}`);
};
const sideOf = (rows: number[][]): Parameters<typeof offsetGeometry>[0] => ({
  width: rows[0]!.length,
  offsets: rowsIn(Float32Array.from(rows.flat()), rows[0]!.length),
});

test("eigenvalues: a known matrix, and trace and squares of a random one", () => {
  symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2).forEach((value, i) => {
    near(value, [3, 1][i]!);
  });
  const d = 12;
  const random = new MersenneTwister(3);
  const a = Array.from({ length: d * d }, () => random.normal());
  const symmetric = Float64Array.from({ length: d * d }, (_, at) => a[at]! + a[(at % d) * d + Math.floor(at / d)]!);
  const trace = Array.from({ length: d }, (_, i) => symmetric[i * d + i]!).reduce((s, x) => s + x, 0);
  const squares = symmetric.reduce((s, x) => s + x * x, 0);
  const values = symmetricEigenvalues(symmetric.slice(), d);
  near(
    values.reduce((s, x) => s + x, 0),
    trace,
  );
  near(
    values.reduce((s, x) => s + x * x, 0),
    squares,
  );
});

test("offsets on a line have rank 1, on a square's corners 2; equal ones are counted", () => {
  const line = offsetGeometry(
    sideOf([
      [0, 0, 0],
      [1, 2, 3],
      [2, 4, 6],
      [5, 10, 15],
    ]),
    [0, 1, 2, 3],
  );
  assert.deepEqual([line.rank, line.shared], [1, 0]);
  near(line.effectiveRank, 1, 1e-6);
  near(line.leastDistance, Math.sqrt(14));
  const square = offsetGeometry(
    sideOf([
      [1, 1, 0],
      [1, -1, 0],
      [-1, 1, 0],
      [-1, -1, 0],
      [1, 1, 0],
    ]),
    [0, 1, 2, 3],
  );
  near(square.effectiveRank, 2);
  assert.equal(
    offsetGeometry(
      sideOf([
        [1, 1, 0],
        [1, -1, 0],
        [1, 1, 0],
      ]),
      [0, 1, 2],
    ).shared,
    2,
  );
  // Only tokens that were seen count, and the centre is theirs.
  assert.equal(
    offsetGeometry(
      sideOf([
        [7, 7],
        [7, 8],
        [100, -3],
      ]),
      [0, 1],
    ).rank,
    1,
  );
});
