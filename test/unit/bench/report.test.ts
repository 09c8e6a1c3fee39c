import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { figures, growthExponent, speedRatio } from "../../bench/report/figures.ts";
import { keepResult, type BenchResult } from "../../bench/report/resultsFile.ts";
import { toTable } from "../../bench/report/table.ts";

test("figures are the median and the least, and of nothing there are none", () => {
  assert.deepEqual(
    [figures([5, 1, 3]), figures([4, 1, 2, 3])],
    [
      { median: 3, least: 1, n: 3 },
      { median: 2.5, least: 1, n: 4 },
    ],
  );
  assert.throws(() => figures([]), /nothing was measured/);
});

test("a ratio is of one round's pair, the peer's time over ours, and never of rounds that do not pair", () => {
  // Each round is ten times slower than the one before, for both: medians alone would say 2, 20 or 0.2.
  const { median, low, high, n } = speedRatio([1, 10, 100], [2, 20, 200]);
  assert.deepEqual([median, low, high, n], [2, 2, 2, 3]);
  assert.equal(speedRatio([1, 1, 1], [1, 2, 4]).median, 2);
  assert.throws(() => speedRatio([1], [1, 2]), /do not pair/);
});

test("the power that values grow by is found, whatever their factor", () => {
  for (const power of [0, 0.5, 1, 2])
    assert.ok(Math.abs(growthExponent([1, 2, 4, 16].map((x) => ({ x, y: 7 * x ** power }))) - power) < 1e-9);
});

test("a table has the columns that some row fills, and a bar in a text breaks no line of it", () => {
  const table = toTable([
    {
      bench: "b",
      case: "one | two",
      unit: "ms",
      ours: { median: 12.345, least: 9, n: 3 },
      peer: { name: "p", figures: { median: 100.4, least: 100, n: 3 } },
      ratio: { median: 8.1, low: 8, high: 8.25 },
    },
    { bench: "b", case: "alone", unit: "ms", ours: { median: 0.12345, least: 0.12345, n: 1 } },
  ]).split("\n");
  assert.deepEqual(table, [
    "| bench | case | unit | ours, median | peer | peer, median | times as good |",
    "|---|---|---|---|---|---|---|",
    "| b | one \\| two | ms | 12.3 (least 9.00, n = 3) | p | 100 (least 100, n = 3) | 8.10 [8.00, 8.25] |",
    "| b | alone | ms | 0.123 |  |  |  |",
  ]);
  assert.match(
    toTable([{ bench: "b", case: "c", unit: "MB", memory: { ours: 10.2, peer: 20.6 }, note: "why" }]),
    /\| b \| c \| MB \| 10 \/ 21 \| why \|/,
  );
});

test("a bench's result replaces its own of before and leaves the others", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-report-"));
  const path = join(folder, "output/bench.json");
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const result = (date: string): BenchResult => ({
    machine: { cpu: "c", cores: 2, memoryGb: 1, platform: "p", node: "n", onnxruntime: "o", torch: undefined },
    date,
    args: [],
    rows: [{ bench: "b", case: "c", unit: "ms" }],
  });
  for (const [name, date] of [
    ["step", "1"],
    ["latency", "2"],
    ["step", "3"],
  ] as const)
    keepResult(name, result(date), path);
  const kept = JSON.parse(readFileSync(path, "utf8")) as Record<string, BenchResult>;
  assert.deepEqual(
    Object.entries(kept).map(([name, { date }]) => [name, date]),
    [
      ["step", "3"],
      ["latency", "2"],
    ],
  );
});
