import assert from "node:assert/strict";
import { test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import type { HostTensor } from "../../../src/engine/program.ts";
import { expanded, primitive } from "../../../src/graph/fused.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { input, topological, type FusedName, type Value } from "../../../src/graph/value.ts";
import { onEngines } from "../../golden/engines.ts";

/** Rows, heads of queries, of keys and values, queries, keys, width. */
const [B, H, G, L, K, W] = [2, 4, 2, 3, 5, 2];
const EPSILON = 1e-3;
const SHAPES: Readonly<Record<FusedName, number[][]>> = {
  attention: [
    [B, H, L, W],
    [B, G, K, W],
    [1, H, L, K],
    [B, G, K, W],
  ],
  layerNorm: [[3, 5], [5], [5]],
  geluTanh: [[9]],
  geluExact: [[9]],
  silu: [[9]],
};
const NAMES = Object.keys(SHAPES) as FusedName[];
const BUILD: Readonly<Record<FusedName, (x: Value[]) => Value>> = {
  attention: ([query, key, bias, value]) => ops.attention(query!, key!, bias!, value!),
  layerNorm: ([x, scale, shift]) => ops.layerNorm(x!, scale!, shift!, EPSILON),
  geluTanh: ([x]) => ops.geluTanh(x!),
  geluExact: ([x]) => ops.geluExact(x!),
  silu: ([x]) => ops.silu(x!),
};

type Data = Float32Array;

/** The literature's formulas, in fp64. */
function attended([query, key, bias, value]: Data[]): number[] {
  const found: number[] = [];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++) {
      const own = (b * G + Math.floor((h * G) / H)) * K;
      for (let l = 0; l < L; l++) {
        const shares = Array.from({ length: K }, (_, k) => {
          let score = bias![(h * L + l) * K + k]!;
          for (let w = 0; w < W; w++) score += query![((b * H + h) * L + l) * W + w]! * key![(own + k) * W + w]!;
          return Math.exp(score);
        });
        const sum = shares.reduce((a, c) => a + c);
        for (let w = 0; w < W; w++)
          found.push(shares.reduce((all, share, k) => all + (share / sum) * value![(own + k) * W + w]!, 0));
      }
    }
  return found;
}
function evened([x, scale, shift]: Data[]): number[] {
  const width = scale!.length;
  return Array.from(x!, (each, i) => {
    const row = x!.subarray(i - (i % width), i - (i % width) + width);
    const mean = row.reduce((a, b) => a + b, 0) / width;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
    return ((each - mean) / Math.sqrt(variance + EPSILON)) * scale![i % width]! + shift![i % width]!;
  });
}
/** The normal distribution function, by its series. */
function normalShare(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) sum += term *= (-x * x) / (2 * n) / ((2 * n + 1) / (2 * n - 1));
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}
const each =
  (of: (x: number) => number) =>
  ([x]: Data[]): number[] =>
    Array.from(x!, of);
const EXPECTED: Readonly<Record<FusedName, (x: Data[]) => number[]>> = {
  attention: attended,
  layerNorm: evened,
  geluTanh: each((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  geluExact: each((x) => x * normalShare(x)),
  silu: each((x) => x / (1 + Math.exp(-x))),
};

const inputsOf = (shapes: number[][]): Value[] => shapes.map((dims, i) => input(`x${i}`, dims));
function feedsOf(shapes: number[][], seed: number): Record<string, HostTensor> {
  const random = new MersenneTwister(seed);
  return Object.fromEntries(
    shapes.map((dims, i) => {
      const length = dims.reduce((a, b) => a * b, 1);
      return [`x${i}`, { dims, data: Float32Array.from({ length }, () => 1.5 * random.normal()) }];
    }),
  );
}
const dataOf = (feeds: Record<string, HostTensor>): Data[] => Object.values(feeds).map(({ data }) => data as Data);
const operationsOf = (outputs: Record<string, Value>): string[] =>
  topological(Object.values(outputs)).flatMap((value) => (value.kind === "op" ? [value.op] : []));

function agree(found: HostTensor | undefined, expected: ArrayLike<number>, what: string): void {
  assert.equal(found!.data.length, expected.length, what);
  found!.data.forEach((x, i) => {
    assert.ok(
      Math.abs(x - expected[i]!) <= 2e-5 * Math.max(1, Math.abs(expected[i]!)),
      `${what}: ${x}, ${expected[i]}`,
    );
  });
}

/** The sum of a value's elements, each with a factor of its own, so that a gradient sent to the wrong place shows. */
function weighted(y: Value, seed: number): Value {
  const random = new MersenneTwister(seed);
  const length = y.shape.reduce<number>((a, b) => a * Number(b), 1);
  const data = Float32Array.from({ length }, () => random.normal());
  const product = ops.mul(y, { kind: "constant", type: "float32", shape: y.shape, data });
  return ops.reduceSum(
    product,
    y.shape.map((_, i) => i),
  );
}

const subsets = (count: number): number[][] =>
  Array.from({ length: 2 ** count - 1 }, (_, i) =>
    Array.from({ length: count }, (__, at) => at).filter((at) => ((i + 1) >> at) % 2 === 1),
  );

onEngines("fused operations", (spec) => {
  const engine = openEngine(spec);
  const run = async (outputs: Record<string, Value>, feeds: Record<string, HostTensor>) => {
    const program = await engine.compile(outputs, new Map());
    const found = await program.run(feeds);
    await program.release();
    return found;
  };

  for (const [seed, name] of NAMES.entries()) {
    const shapes = SHAPES[name];
    test(`${spec.device}: ${name} is its formula, as one operation and as its definition`, async () => {
      const feeds = feedsOf(shapes, seed);
      const y = BUILD[name](inputsOf(shapes));
      const whole = expanded({ y });
      assert.ok(!operationsOf(whole).includes(name));
      for (const outputs of [{ y }, whole])
        agree((await run(outputs, feeds))["y"], EXPECTED[name](dataOf(feeds)), name);
    });

    test(`${spec.device}: ${name}: each gradient is the same whichever others are asked for`, async () => {
      const feeds = feedsOf(shapes, 10 + seed);
      const inputs = inputsOf(shapes);
      const loss = weighted(BUILD[name](inputs), seed);
      const by = gradients(loss, inputs).map((g) => g!);
      const all = await run(expanded(Object.fromEntries(by.map((g, i) => [`g${i}`, g]))), feeds);
      for (const wanted of subsets(shapes.length)) {
        const found = await run(Object.fromEntries(wanted.map((i) => [`g${i}`, by[i]!])), feeds);
        for (const i of wanted) agree(found[`g${i}`], Array.from(all[`g${i}`]!.data), `${wanted.join()}, by ${i}`);
      }
    });
  }

  test(`${spec.device}: a value that is keys and values gets the sum of both gradients`, async () => {
    const shapes = SHAPES.attention.slice(0, 3);
    const feeds = feedsOf(shapes, 30);
    const [query, both, bias] = inputsOf(shapes) as [Value, Value, Value];
    const [g] = gradients(weighted(ops.attention(query, both, bias, both), 1), [both]);
    const value = input("x3", SHAPES.attention[3]!);
    const apart = gradients(weighted(ops.attention(query, both, bias, value), 1), [both, value]);
    const twice = await run({ k: apart[0]!, v: apart[1]! }, { ...feeds, x3: feeds["x1"]! });
    const sum = Array.from(twice["k"]!.data, (x, i) => x + twice["v"]!.data[i]!);
    agree((await run({ g: g! }, feeds))["g"], sum, "by both");
  });

  test(`${spec.device}: the gradients of two losses read the same operation`, async () => {
    for (const name of ["attention", "layerNorm"] as const) {
      const shapes = SHAPES[name];
      const feeds = feedsOf(shapes, 40);
      const inputs = inputsOf(shapes);
      const y = BUILD[name](inputs);
      const [a] = gradients(weighted(y, 1), [inputs[0]!]);
      const [b] = gradients(weighted(y, 2), [inputs[0]!]);
      const found = await run({ a: a!, b: b! }, feeds);
      agree(found["a"], Array.from((await run({ a: a! }, feeds))["a"]!.data), `${name}, first`);
      agree(found["b"], Array.from((await run({ b: b! }, feeds))["b"]!.data), `${name}, second`);
    }
  });
});

test("what an engine has stays, with its gradients; the rest is replaced", () => {
  const x = input("x", [4]);
  const loss = weighted(ops.silu(ops.geluTanh(x)), 1);
  const outputs = { loss, g: gradients(loss, [x])[0]! };
  const kept = topological(Object.values(expanded(outputs, new Set(["silu"]))));
  const fused = kept.flatMap((value) => {
    if (value.kind !== "op") return [];
    return value.op === "fusedGradient" ? [`gradient of ${value.attributes.of}`] : [value.op];
  });
  assert.ok(fused.includes("silu") && fused.includes("gradient of silu"));
  assert.ok(!fused.includes("geluTanh") && !fused.includes("gradient of geluTanh"));
  assert.throws(() => primitive("silu"), /silu is to be expanded first/);
  assert.throws(() => primitive("fusedGradient"), /expanded first/);
  assert.equal(primitive("add"), "add");
});

test("a graph without fused operations stays the same values", () => {
  const y = ops.tanh(input("x", [4]));
  assert.equal(expanded({ y })["y"], y);
});
