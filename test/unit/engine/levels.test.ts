import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { WeightLocation, WeightType } from "../../../src/engine/program.ts";
import { readWeight, rowRange } from "../../../src/engine/weightData.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input, weight } from "../../../src/graph/value.ts";
import { onEngines } from "../../golden/engines.ts";

const ROWS = 6;
const WIDTH = 96;

interface Form {
  type: WeightType;
  group?: number;
  hasOffsets?: boolean;
}
const FORMS: readonly Form[] = [
  { type: "int8" },
  { type: "int8", group: 16 },
  { type: "int8", group: 32, hasOffsets: true },
  { type: "int4", group: 32 },
  { type: "uint4", group: 32, hasOffsets: true },
  { type: "uint4", group: 96, hasOffsets: true },
];
const named = ({ type, group, hasOffsets = false }: Form): string =>
  [type, group === undefined ? "by row" : `by ${group}`, ...(hasOffsets ? ["with offsets"] : [])].join(" ");

/** A matrix of random levels in a file, its location, and its values computed one by one. */
function matrixIn(
  folder: string,
  { type, group, hasOffsets = false }: Form,
): { place: WeightLocation; values: number[] } {
  const random = new MersenneTwister(7);
  const isHalf = type !== "int8";
  const bytes = Uint8Array.from({ length: (ROWS * WIDTH) / (isHalf ? 2 : 1) }, () =>
    Math.floor(256 * random.uniform()),
  );
  const groups = ROWS * (WIDTH / (group ?? WIDTH));
  const [scales, offsets] = [0.01, 3].map((size) =>
    Float32Array.from({ length: groups }, () => size * (random.uniform() - 0.5)),
  ) as [Float32Array, Float32Array];
  const file = join(folder, "levels.bin");
  // The numbers need not stand right behind the levels.
  writeFileSync(
    file,
    Buffer.concat([Buffer.alloc(64), bytes, Buffer.from(scales.buffer), Buffer.from(offsets.buffer)]),
  );
  const at = 64 + bytes.length;
  const level = (i: number): number => {
    if (!isHalf) return (bytes[i]! << 24) >> 24;
    const own = i % 2 === 0 ? bytes[i >> 1]! & 15 : bytes[i >> 1]! >> 4;
    return type === "int4" && own > 7 ? own - 16 : own;
  };
  const values = Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const own = Math.floor(i / (group ?? WIDTH));
    const product = Math.fround(level(i) * scales[own]!);
    // A product with ones and zeros has no -0.
    return (hasOffsets ? Math.fround(product + offsets[own]!) : product) + 0;
  });
  const place: WeightLocation = {
    file,
    offset: 64,
    bytes: bytes.length,
    dims: [ROWS, WIDTH],
    type,
    scales: at,
    narrow: true,
    ...(group !== undefined && { group }),
    ...(hasOffsets && { offsets: at + 4 * groups }),
  };
  return { place, values };
}

const numbers = (values: Iterable<number>): number[] => Array.from(values, (x) => x + 0);
const IDENTITY = (size: number): Float32Array =>
  Float32Array.from({ length: size * size }, (_, i) => (i % size === Math.floor(i / size) ? 1 : 0));

for (const form of FORMS) {
  test(`${named(form)}: a matrix is read with the values that its levels stand for, and so are some of its rows`, () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-levels-"));
    try {
      const { place, values } = matrixIn(folder, form);
      assert.deepEqual(numbers(readWeight(place)), values);
      assert.deepEqual(numbers(readWeight(rowRange(place, 2, 5))), values.slice(2 * WIDTH, 5 * WIDTH));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

onEngines("levels", (engine) => {
  for (const form of FORMS)
    test(`${engine.device}, ${named(form)}: products, transposed ones and looked-up rows have exactly these values`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "adept-levels-"));
      const opened = openEngine(engine);
      try {
        const { place, values } = matrixIn(folder, form);
        const matrix = weight("w", [ROWS, WIDTH]);
        const [x, g] = [input("x", ["B", WIDTH]), input("g", ["C", ROWS])];
        const program = await opened.compile(
          {
            product: ops.matmul(x, matrix, { transB: true }),
            transposed: ops.matmul(g, matrix),
            ...(form.type === "int8" && { rows: ops.gather(matrix, input("ids", ["N", "T"], "int32")) }),
          },
          new Map([["w", place]]),
        );
        const found = await program.run({
          x: { data: IDENTITY(WIDTH), dims: [WIDTH, WIDTH] },
          g: { data: IDENTITY(ROWS), dims: [ROWS, ROWS] },
          ...(form.type === "int8" && { ids: { data: Int32Array.of(3, 0, 5, 3), dims: [2, 2] } }),
        });
        const column = (i: number): number => values[(i % ROWS) * WIDTH + Math.floor(i / ROWS)]!;
        assert.deepEqual(
          numbers(found["product"]!.data),
          values.map((_, i) => column(i)),
        );
        assert.deepEqual(numbers(found["transposed"]!.data), values);
        if (form.type === "int8") {
          assert.deepEqual([...found["rows"]!.dims], [2, 2, WIDTH]);
          assert.deepEqual(
            numbers(found["rows"]!.data),
            [3, 0, 5, 3].flatMap((row) => values.slice(row * WIDTH, (row + 1) * WIDTH)),
          );
        }
      } finally {
        await opened.release?.();
        rmSync(folder, { recursive: true, force: true });
      }
    });
});
