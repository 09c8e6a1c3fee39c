import assert from "node:assert/strict";
import { test } from "node:test";
import { Viewport, type VisibleRange } from "../../../src/heatmap/viewport.ts";

const range = (from: number, to: number, first = 0, end = 80): VisibleRange => ({
  from: { line: from, column: first },
  to: { line: to, column: end },
});
const viewport = (
  ranges: VisibleRange[],
  {
    margin = 0,
    lengths = () => 80,
    cursor = { line: 0, column: 0 },
    lineCount = 100_000,
  }: {
    margin?: number;
    lengths?: (line: number) => number;
    cursor?: { line: number; column: number };
    lineCount?: number;
  } = {},
): Viewport => new Viewport(ranges, { lineCount, margin, cursor, lengthOf: lengths });

test("each visible part has its own margin, and folded lines between parts are not read", () => {
  assert.deepEqual(viewport([range(0, 10), range(11_990, 11_999)], { margin: 40 }).lineRanges, [
    [0, 50],
    [11_950, 12_039],
  ]);
  assert.deepEqual(viewport([range(100, 110), range(130, 140)], { margin: 40 }).lineRanges, [[60, 180]]);
  assert.deepEqual(viewport([range(90, 99)], { margin: 40, lineCount: 100 }).lineRanges, [[50, 99]]);
  assert.deepEqual(
    viewport([], { margin: 40, lineCount: 1000 }).lineRanges,
    [[0, 80]],
    "an editor that has not reported its visible ranges yet",
  );
  assert.deepEqual(viewport([], { lineCount: 5 }).lineRanges, [[0, 4]]);
});

test("the first columns of long lines are read, more of them if few lines are long, and columns near the cursor", () => {
  assert.deepEqual(viewport([range(0, 59)], { lengths: () => 100_000 }).columns(7), [[0, 400]]);
  assert.deepEqual(viewport([range(0, 5)], { lengths: () => 100_000 }).columns(3), [[0, 4000]]);
  // A single long line among short ones is read as a whole.
  const wrapped = viewport([range(0, 19)], { lengths: (line) => (line === 5 ? 8000 : 100) });
  assert.ok(wrapped.columns(5).some(([from, to]) => from === 0 && to >= 8000));
  const far = viewport([range(0, 59, 0, 100_000)], { lengths: () => 100_000, cursor: { line: 7, column: 90_000 } });
  assert.deepEqual(far.columns(7), [
    [0, 400],
    [88_000, 92_000],
  ]);
  assert.deepEqual(far.columns(8), [[0, 400]]);
});

test("of a wrapped line that begins above or ends below the window, the columns that VS Code reports are read", () => {
  const one = viewport([range(0, 0, 50_000, 53_000)], { lengths: () => 100_000 });
  assert.deepEqual(one.columns(0), [[49_000, 54_000]]);
  assert.ok(one.includes(0, { from: 49_100, to: 49_105 }) && !one.includes(0, { from: 300, to: 305 }));
  const two = viewport([range(3, 9, 5000, 700)], { lengths: () => 6000 });
  assert.equal(two.columns(3)[0]![0], 4000);
  assert.deepEqual(two.columns(9), [[0, 1700]]);
  assert.equal(two.wrappedColumns(5), undefined);
});
