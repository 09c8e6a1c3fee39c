import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerToTorch, type TorchModule } from "../../../../src/engine/torch/torchGraph.ts";
import type { WeightLocation, WeightType } from "../../../../src/engine/program.ts";
import { gradients } from "../../../../src/graph/gradient.ts";
import * as ops from "../../../../src/graph/ops.ts";
import { input, scalar, weight, type Value } from "../../../../src/graph/value.ts";

/** The least that is multiplied by in bf16. */
const WIDTH = 256;
const x = input("x", ["B", "P+S", WIDTH]);
const w = weight("w", [WIDTH, WIDTH]);
const located = (type: WeightType, narrow = type !== "float32", dims = [WIDTH, WIDTH]): Map<string, WeightLocation> => {
  const each = { float32: 4, float16: 2, bfloat16: 2, int8: 1, int4: 0.5, uint4: 0.5 }[type];
  const bytes = each * dims.reduce((a, b) => a * b, 1);
  return new Map([["w", { file: "/w", offset: 0, bytes, dims, type, ...(narrow && { narrow }) }]]);
};
const lower = (
  outputs: Record<string, Value>,
  weights = located("float32"),
  compute: "fp32" | "bf16" = "fp32",
): TorchModule => lowerToTorch(outputs, weights, compute);
const linesOf = ({ source }: TorchModule): string[] => source.split("\n").map((line) => line.trim());

test("a number stands in the source where an operator reads it, with every digit, and is a tensor elsewhere", () => {
  const numbers = [0.1, -0, 1e-30, Infinity, -Infinity, NaN];
  const { source, constants } = lower({
    y: numbers.reduce<Value>((y, each) => ops.add(ops.mul(y, y), scalar(each)), x),
  });
  assert.deepEqual(constants, []);
  for (const text of [String(Math.fround(0.1)), "-0.0", String(Math.fround(1e-30)), '"inf"', '"-inf"', '"nan"'])
    assert.ok(source.includes(text), `${text} in ${source}`);
  const filled = lower({
    wide: ops.broadcastTo(ops.reshape(scalar(2), [1, 1]), [3, 4]),
    bent: ops.sigmoid(scalar(0.5)),
    alone: scalar(7),
  });
  assert.deepEqual(
    filled.constants.map(({ data, dims }) => [data[0], dims]),
    [
      [2, []],
      [0.5, []],
      [7, []],
    ],
  );
  assert.ok(linesOf(filled).at(-2)!.includes('"alone": c["2"]'), filled.source);
});

test("each symbol of the inputs' shapes gets the size that a feed has", () => {
  const mask = input("mask", ["B", "S"]);
  const whole = ops.concat([input("prompt", ["B", "P"]), mask], 1);
  assert.deepEqual(whole.shape, ["B", "P+S"]);
  const { source, inputs } = lower({ y: ops.reshape(whole, ["B", "P+S", 1]) });
  for (const line of ['n_B = f["prompt"].shape[0]', 'n_P = f["prompt"].shape[1]', 'n_S = f["mask"].shape[1]'])
    assert.equal(source.split(line).length, 2, `${line} once in ${source}`);
  assert.ok(source.includes(".reshape((n_B, (n_P + n_S), 1, ))"), source);
  assert.deepEqual(inputs.map(({ name }) => name).sort(), ["mask", "prompt"]);
});

test("a frozen matrix is read in the type that its readers compute in; a table's rows as they are stored", () => {
  const ids = input("ids", ["N"], "int32");
  const outputs = {
    product: ops.matmul(x, w, { transB: true }),
    rows: ops.gather(w, ids),
    sum: ops.add(input("other", [WIDTH, WIDTH]), w),
  };
  const forms = (...given: Parameters<typeof lower> extends [unknown, ...infer R] ? R : never): string[] =>
    lower(outputs, ...given)
      .weights.map(({ as }) => as)
      .sort();
  assert.deepEqual(forms(located("float32")), ["float32", "stored"]);
  assert.deepEqual(forms(located("bfloat16", false)), ["float32", "stored"]);
  assert.deepEqual(forms(located("int8")), ["stored"]);
  assert.deepEqual(forms(located("float32"), "bf16"), ["float32", "rows", "stored"]);
  const both = lower(
    { by: ops.matmul(x, w, { transB: true }), back: ops.matmul(x, w) },
    located("bfloat16", false),
    "bf16",
  );
  assert.deepEqual(both.weights.map(({ as }) => as).sort(), ["columns", "rows"]);
  assert.match(both.source, /by_rows\(.*"w rows".*\n.*by_columns\(.*"w columns"/);
  const narrow = weight("w", [WIDTH - 1, WIDTH]);
  const small = {
    narrow: ops.matmul(x, narrow, { transB: true }),
    turned: ops.matmul(x, ops.transpose(narrow, [1, 0])),
  };
  const read = lower(small, located("float16", false, [WIDTH - 1, WIDTH]), "bf16");
  assert.deepEqual(
    read.weights.map(({ as }) => as),
    ["float32"],
  );
  assert.ok(!read.source.includes("bfloat16"), read.source);
  assert.throws(() => lower(outputs, new Map()), /weight w is not in the file/);
});

test("a frozen matrix is not overwritten, in whichever type it is stored and read", () => {
  const turned = ops.mul(ops.transpose(w, [1, 0]), scalar(0.5));
  const outputs = { y: ops.neg(turned), z: ops.matmul(x, ops.tanh(ops.reshape(w, [WIDTH, WIDTH]))) };
  for (const type of ["float32", "float16", "bfloat16", "int8"] as const)
    for (const narrow of [true, false])
      for (const compute of ["fp32", "bf16"] as const) {
        const made = linesOf(lower(outputs, located(type, narrow), compute));
        const product = made.find((line) => line.includes("* 0.5") || line.includes("mul_"));
        assert.ok(product?.includes("* 0.5"), `${type}, ${compute}: ${product}`);
        assert.ok(!made.some((line) => line.includes("tanh_")), made.join("\n"));
      }
});

test("the gradients of an operation by several inputs are one call, which computes those that are wanted", () => {
  const [query, key, bias, value] = [0, 1, 2, 3].map((i) => input(`x${i}`, [1, 2, 3, 3])) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const y = ops.attention(query, key, bias, value);
  const loss = ops.reduceSum(ops.mul(y, input("factors", [1, 2, 3, 3])), [0, 1, 2, 3]);
  const [byQuery, byValue] = gradients(loss, [query, value]);
  const calls = (outputs: Record<string, Value>): string[] =>
    linesOf(lower(outputs)).filter((line) => line.includes("attention"));
  const both = calls({ loss, byQuery: byQuery!, byValue: byValue! });
  assert.equal(both.length, 2, both.join("\n"));
  assert.match(both[1]!, /attention_gradient\(v\d+\[1\], .*, \(0, 3, \)\)/);
  assert.match(calls({ loss, byQuery: byQuery! })[1]!, /, \(0, \)\)/);
  assert.equal(calls({ loss }).length, 1);
});
