import { factors, productDim } from "../../graph/dims.ts";
import type { PrimitiveName, OpValue } from "../../graph/value.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";

/** Adds the nodes of an operation to a graph, given the names of its inputs; returns the name of its output. */
export type Lowering<V> = (b: OnnxBuilder, inputs: string[], value: V) => string;
type Of<K extends PrimitiveName> = Extract<OpValue, { op: K }>;

const direct =
  (op: string): Lowering<OpValue> =>
  (b, inputs) =>
    b.node(op, inputs);
const first = (inputs: string[]): string => inputs[0]!;
const second = (inputs: string[]): string => inputs[1]!;

function matmul(b: OnnxBuilder, inputs: string[], value: Of<"matmul">): string {
  const { transA, transB } = value.attributes;
  if (!transA && !transB) return b.node("MatMul", inputs);
  const right = value.inputs[1]!;
  // A frozen weight is transposed once, by constant folding: MatMul then packs it, which FusedMatMul would not.
  if (!transA && right.kind === "weight" && !b.isNarrow(right.name))
    return b.node("MatMul", [first(inputs), b.node("Transpose", [second(inputs)], { perm: { ints: [1, 0] } })]);
  return b.node(
    "FusedMatMul",
    inputs,
    { transA: { i: Number(transA) }, transB: { i: Number(transB) } },
    { domain: "com.microsoft" },
  );
}

/**
 * Sizes with a special meaning in ONNX's Reshape: one that is kept from the input, and one that follows from the
 * others.
 */
const KEEP_SIZE = 0;
const INFER_SIZE = -1;

function reshape(b: OnnxBuilder, inputs: string[], value: Of<"reshape">): string {
  const from = value.inputs[0]!.shape;
  const { shape } = value.attributes;
  const target = shape.map((d, i) => {
    if (typeof d === "number") return d;
    return d === from[i] ? KEEP_SIZE : INFER_SIZE;
  });
  // A prompt may be empty, as an ablation has it: then no size follows from the others, and 0 is a size.
  if (shape.some((d) => typeof d === "string" && factors(d).includes("P")))
    return b.node("Reshape", [first(inputs), b.shape(shape)], { allowzero: { i: 1 } });
  const free = target.filter((d) => d === INFER_SIZE).length;
  // The size of a product such as "B*T" is no input's dimension: ONNX infers one such size from the others.
  return b.node("Reshape", [first(inputs), free <= 1 ? b.ints(target) : b.shape(shape)]);
}

function labelMask(b: OnnxBuilder, labels: string): { safe: string; valid: string } {
  const zero = b.constant("int32", [], Int32Array.of(0));
  return {
    safe: b.node("Max", [labels, zero]),
    valid: b.node("Cast", [b.node("GreaterOrEqual", [labels, zero])], { to: { i: 1 } }),
  };
}

function crossEntropy(b: OnnxBuilder, inputs: string[]): string {
  const { safe, valid } = labelMask(b, second(inputs));
  const logs = b.node("LogSoftmax", [first(inputs)], { axis: { i: -1 } });
  const picked = b.node("GatherElements", [logs, b.node("Unsqueeze", [safe, b.ints([-1])])], { axis: { i: -1 } });
  return b.node("Neg", [b.node("Mul", [b.node("Squeeze", [picked, b.ints([-1])]), valid])]);
}

/** (softmax - one-hot) g. Subtracting 1 at the label alone needs no one-hot tensor as large as the logits. */
function crossEntropyGradient(b: OnnxBuilder, inputs: string[]): string {
  const { safe, valid } = labelMask(b, second(inputs));
  const at = b.node("Unsqueeze", [safe, b.ints([-1])]);
  const shares = b.node("Softmax", [first(inputs)], { axis: { i: -1 } });
  const own = b.node("Sub", [b.node("GatherElements", [shares, at], { axis: { i: -1 } }), b.float(1)]);
  return b.node("Mul", [
    b.node("ScatterElements", [shares, at, own], { axis: { i: -1 } }),
    b.node("Unsqueeze", [b.node("Mul", [inputs[2]!, valid]), b.ints([-1])]),
  ]);
}

/**
 * For labels (N), their places less `from` among `width` columns, as (N, 1), moved to the nearest column where they are
 * none; and 1 for those that are one, else 0.
 */
function columns(
  b: OnnxBuilder,
  labels: string,
  { from, width }: { from: number; width: number },
): { at: string; isColumn: string } {
  const int = (value: number): string => b.constant("int32", [], Int32Array.of(value));
  const key = `${labels} ${from} ${width}`;
  const wanted = b.once(`column ${key}`, () => b.node("Unsqueeze", [b.node("Sub", [labels, int(from)]), b.ints([-1])]));
  const at = b.once(`nearest ${key}`, () => b.node("Min", [b.node("Max", [wanted, int(0)]), int(width - 1)]));
  const isColumn = b.once(`is ${key}`, () => b.node("Cast", [b.node("Equal", [at, wanted])], { to: { i: 1 } }));
  return { at, isColumn };
}

function labelValue(b: OnnxBuilder, inputs: string[], value: Of<"labelValue">): string {
  const width = Number(value.inputs[0]!.shape[1]);
  const { at, isColumn } = columns(b, second(inputs), { from: value.attributes.from, width });
  return b.node("Mul", [b.node("GatherElements", [first(inputs), at], { axis: { i: 1 } }), isColumn]);
}

function lessOneHot(b: OnnxBuilder, inputs: string[], value: Of<"lessOneHot">): string {
  const width = Number(value.shape[1]);
  const { at, isColumn } = columns(b, second(inputs), { from: value.attributes.from, width });
  const own = b.node("Sub", [b.node("GatherElements", [first(inputs), at], { axis: { i: 1 } }), isColumn]);
  return b.node("ScatterElements", [first(inputs), at, own], { axis: { i: 1 } });
}

/** No element of each of the other values is joined to x's shape, so that x waits for them, and is not copied. */
function after(b: OnnxBuilder, [x, ...others]: string[]): string {
  const none = others.map((other) => {
    const flat = b.node("Reshape", [other, b.ints([INFER_SIZE])]);
    return b.node("Cast", [b.node("Slice", [flat, b.ints([0]), b.ints([0]), b.ints([0])])], { to: { i: 7 } });
  });
  return b.node("Reshape", [x!, b.node("Concat", [b.node("Shape", [x!]), ...none], { axis: { i: 0 } })]);
}

/** The same by a kernel that adds one update after the other. */
function scatterInOrder(b: OnnxBuilder, inputs: string[], { shape }: Of<"scatterAdd">): string {
  const width = Number(productDim(shape.slice(1)));
  const updates = b.node("Reshape", [second(inputs), b.ints([INFER_SIZE, width])]);
  const rows = b.node("Reshape", [b.node("Cast", [first(inputs)], { to: { i: 7 } }), b.ints([INFER_SIZE, 1])]);
  const each = b.node("Expand", [rows, b.node("Shape", [updates])]);
  const zeros = b.node("Expand", [b.float(0), b.shape([shape[0]!, width])]);
  const sums = b.node("ScatterElements", [zeros, each, updates], { axis: { i: 0 }, reduction: { s: "add" } });
  return shape.length === 2 ? sums : b.node("Reshape", [sums, b.shape(shape)]);
}

function scatterAdd(b: OnnxBuilder, inputs: string[], value: Of<"scatterAdd">): string {
  if (b.isProcessor) return scatterInOrder(b, inputs, value);
  const zeros = b.node("Expand", [b.float(0), b.shape(value.shape)]);
  const ids = b.node("Unsqueeze", [b.node("Cast", [first(inputs)], { to: { i: 7 } }), b.ints([-1])]);
  return b.node("ScatterND", [zeros, ids, second(inputs)], { reduction: { s: "add" } });
}

/** onnxruntime's kernel takes tables of all angles, and for each place of each row the table's row. */
function rotate(b: OnnxBuilder, inputs: string[], value: Of<"rotate">): string {
  const [rows, , length] = value.inputs[0]!.shape;
  const half = Number(value.inputs[1]!.shape.at(-1));
  const table = (angles: string): string =>
    b.once(`angles ${angles}`, () => b.node("Reshape", [angles, b.ints([-1, half])]));
  const shape = b.shape([rows!, length!]);
  const places = b.once(`places ${shape}`, () => {
    const [zero, one] = [0n, 1n].map((value) => b.constant("int64", [], BigInt64Array.of(value))) as [string, string];
    const all = b.node("ReduceProd", [shape], { keepdims: { i: 0 } });
    return b.node("Reshape", [b.node("Range", [zero, all, one]), shape], { allowzero: { i: 1 } });
  });
  return b.node(
    "RotaryEmbedding",
    [first(inputs), places, table(second(inputs)), table(inputs[2]!)],
    { interleaved: { i: Number(value.attributes.isNeighbours) } },
    { domain: "com.microsoft" },
  );
}

/**
 * x, which must be finite, where the mask is true, else 0. Multiplying by the mask as numbers takes half the time of
 * onnxruntime's Where, which makes three passes.
 */
const kept = (b: OnnxBuilder, x: string, mask: string): string =>
  b.node("Mul", [x, b.node("Cast", [mask], { to: { i: 1 } })]);

/** The lowering of every operation; the type makes it complete. */
export const LOWERINGS: { [K in PrimitiveName]: Lowering<Of<K>> } = {
  add: direct("Add"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("Div"),
  neg: direct("Neg"),
  detach: direct("Identity"),
  exp: direct("Exp"),
  log: direct("Log"),
  sqrt: direct("Sqrt"),
  tanh: direct("Tanh"),
  sigmoid: direct("Sigmoid"),
  erf: direct("Erf"),
  relu: direct("Relu"),
  gate: (b, inputs) => kept(b, second(inputs), b.node("Greater", [first(inputs), b.float(0)])),
  keep: (b, inputs) => kept(b, first(inputs), second(inputs)),
  matmul,
  reshape,
  crossEntropy,
  crossEntropyGradient,
  after,
  labelValue,
  lessOneHot,
  labelled: (b, inputs) => b.node("Mul", [first(inputs), labelMask(b, second(inputs)).valid]),
  logSumExp: (b, inputs) => b.node("ReduceLogSumExp", [first(inputs), b.ints([-1])], { keepdims: { i: 1 } }),
  scatterAdd,
  rotate,
  gather: (b, inputs) => b.node("Gather", inputs, { axis: { i: 0 } }),
  reorder: (b, inputs, { attributes: { isPadded } }) => {
    const rows = b.node("Gather", [first(inputs), second(inputs)], { axis: { i: 0 } });
    return isPadded ? b.node("Mul", [rows, inputs[3]!]) : rows;
  },
  reduceSum: (b, inputs, { attributes }) =>
    b.node("ReduceSum", [first(inputs), b.ints(attributes.axes)], { keepdims: { i: 0 } }),
  transpose: (b, inputs, { attributes }) => b.node("Transpose", inputs, { perm: { ints: attributes.permutation } }),
  concat: (b, inputs, { attributes }) => b.node("Concat", inputs, { axis: { i: attributes.axis } }),
  slice: (b, inputs, { attributes: { axis, start, end } }) =>
    b.node("Slice", [first(inputs), b.size(start), b.size(end), b.ints([axis])]),
  broadcastTo: (b, inputs, { attributes }) => b.node("Expand", [first(inputs), b.shape(attributes.shape)]),
  softmax: (b, inputs) => b.node("Softmax", inputs, { axis: { i: -1 } }),
  rmsNorm: (b, inputs, { attributes: { epsilon } }) => b.norm(first(inputs), second(inputs), epsilon),
  rmsInverse: (b, inputs, { attributes: { epsilon } }) =>
    b.inverse(first(inputs), epsilon) ??
    b.node("Reciprocal", [
      b.node("Sqrt", [
        b.node("Add", [
          b.node("ReduceMean", [b.node("Mul", [first(inputs), first(inputs)]), b.ints([-1])], { keepdims: { i: 1 } }),
          b.float(epsilon),
        ]),
      ]),
    ]),
};
