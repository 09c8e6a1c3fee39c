import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { packHalves } from "../../../src/engine/narrowing.ts";
import { lowerToOnnx } from "../../../src/engine/onnx/onnxGraph.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { WeightLocation } from "../../../src/engine/program.ts";
import { readWeight } from "../../../src/engine/weightData.ts";
import { add, matmul, mul } from "../../../src/graph/ops.ts";
import { input, scalar, weight, type Value } from "../../../src/graph/value.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-blocks-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const WIDTH = 96;
const random = new MersenneTwister(4);
const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

interface Form {
  type: "int4" | "uint4" | "int8";
  group?: number;
  hasOffsets?: boolean;
}

/** Writes a matrix of random levels; every level occurs. */
function matrix(name: string, rows: number, { type, group, hasOffsets = false }: Form): WeightLocation {
  const [least, count] = { int4: [-8, 16], uint4: [0, 16], int8: [-128, 256] }[type] as [number, number];
  const levels = Int8Array.from({ length: rows * WIDTH }, (_, i) => least + ((i * 7 + (i >> 4)) % count));
  const raw = Buffer.from(type === "int8" ? levels.buffer : packHalves(levels).buffer);
  const groups = rows * (WIDTH / (group ?? WIDTH));
  const numbers = [draw(groups), ...(hasOffsets ? [draw(groups)] : [])].map(({ buffer }) => Buffer.from(buffer));
  const file = join(folder, name);
  // Something stands before, so that an offset of 0 is not right by chance.
  writeFileSync(file, Buffer.concat([Buffer.alloc(16), raw, ...numbers]));
  return {
    file,
    offset: 16,
    bytes: raw.length,
    dims: [rows, WIDTH],
    type,
    narrow: true,
    scales: 16 + raw.length,
    ...(group !== undefined && { group }),
    ...(hasOffsets && { offsets: 16 + raw.length + 4 * groups }),
  };
}

const FORMS: Readonly<Record<string, Form>> = {
  "four bits with a sign": { type: "int4", group: 32 },
  "four bits from 0": { type: "uint4", group: 32 },
  "four bits with offsets": { type: "uint4", group: 32, hasOffsets: true },
  "four bits in groups of 16 with offsets": { type: "uint4", group: 16, hasOffsets: true },
  "eight bits in groups": { type: "int8", group: 32 },
  "eight bits by row": { type: "int8" },
};

/** x W^T in double precision, (rows of x, rows of W). */
function exactly(x: Float32Array, place: WeightLocation): number[] {
  const values = readWeight(place);
  const found: number[] = [];
  for (let from = 0; from < x.length; from += WIDTH)
    for (let row = 0; row < place.dims[0]!; row++) {
      let sum = 0;
      for (let i = 0; i < WIDTH; i++) sum += x[from + i]! * values[row * WIDTH + i]!;
      found.push(sum);
    }
  return found;
}

async function computed(
  outputs: Record<string, Value>,
  weights: ReadonlyMap<string, WeightLocation>,
  { x, levels = "exact" }: { x: Float32Array; levels?: "exact" | "rounded" },
): Promise<Record<string, Float32Array>> {
  const engine = openEngine({ device: "cpu", threads: 1, replicas: 1 });
  const program = await engine.compile(outputs, weights, { levels });
  const found = await program.run({ x: { data: x, dims: [x.length / WIDTH, 1, WIDTH] } });
  await program.release();
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]));
}

const size = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, each) => sum + each * each, 0));
const apart = (own: ArrayLike<number>, wanted: readonly number[]): number =>
  size(wanted.map((each, i) => each - own[i]!)) / size(wanted);
const graph = (place: WeightLocation): Value =>
  matmul(input("x", ["B", 1, WIDTH]), weight("w", place.dims), { transB: true });

for (const [name, form] of Object.entries(FORMS))
  test(`${name}: products of few rows are those with the widened matrix; rounded ones are near them`, async () => {
    const place = matrix("w", 24, form);
    const weights = new Map([["w", place]]);
    for (const rows of [1, 3]) {
      const x = draw(rows * WIDTH);
      const wanted = exactly(x, place);
      const { y } = await computed({ y: graph(place) }, weights, { x });
      assert.equal(y!.length, rows * 24);
      assert.ok(apart(y!, wanted) < 2e-6, `${apart(y!, wanted)}`);
      const { y: near } = await computed({ y: graph(place) }, weights, { x, levels: "rounded" });
      const off = apart(near!, wanted);
      assert.ok(off < 2e-2 && off > 1e-4, `rounded: ${off}`);
    }
  });

test("matrices that are multiplied by the same x are one product, those of another x or form are not among them", async () => {
  const form = FORMS["four bits with offsets"]!;
  const places = new Map([
    ["a", matrix("a", 24, form)],
    ["b", matrix("b", 8, form)],
    ["c", matrix("c", 16, FORMS["four bits with a sign"]!)],
    ["d", matrix("d", 24, form)],
  ]);
  const x = input("x", ["B", 1, WIDTH]);
  const by = (name: string, left: Value): Value => matmul(left, weight(name, places.get(name)!.dims), { transB: true });
  const outputs = { a: by("a", x), b: by("b", x), c: by("c", x), d: by("d", mul(x, scalar(3))) };
  const model = Buffer.from(
    lowerToOnnx({ all: add(outputs.a, outputs.d), b: outputs.b, c: outputs.c }, places, {
      isProcessor: false,
      blocks: { folder: "/", products: "exact" },
    }).model,
  );
  assert.equal(model.toString("latin1").split("MatMulNBits").length - 1, 3);
  const data = draw(2 * WIDTH);
  const found = await computed(outputs, places, { x: data });
  for (const name of ["a", "b", "c"]) assert.ok(apart(found[name]!, exactly(data, places.get(name)!)) < 2e-6, name);
  assert.ok(
    apart(
      found["d"]!,
      exactly(
        data.map((each) => 3 * each),
        places.get("d")!,
      ),
    ) < 2e-6,
  );
});
