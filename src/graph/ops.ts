import { productDim, sameShape, type Dim, type Shape } from "./dims.ts";
import { concatShape, elementwise, matmulShape, operand, removeAxes, reshapeShape, sliceShape } from "./shapeRules.ts";
import {
  scalar,
  type DataType,
  type FusedName,
  type OpAttributes,
  type OpName,
  type OpValue,
  type Value,
} from "./value.ts";

interface Row<K extends OpName> {
  shape(inputs: readonly Value[], attributes: OpAttributes[K]): Dim[];
  /**
   * The gradient of the loss by each input, given that by the output; undefined for an input that is not
   * differentiable.
   */
  gradient(g: Value, inputs: readonly Value[], attributes: OpAttributes[K], output: Value): (Value | undefined)[];
  type?: DataType;
}

function make<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value {
  const row = OPS[op];
  const value = {
    kind: "op",
    op,
    inputs,
    attributes,
    shape: row.shape(inputs, attributes),
    type: row.type ?? "float32",
  };
  return value as unknown as OpValue;
}

export const add = (a: Value, b: Value): Value => make("add", [a, b], {});
export const sub = (a: Value, b: Value): Value => make("sub", [a, b], {});
export const mul = (a: Value, b: Value): Value => make("mul", [a, b], {});
export const div = (a: Value, b: Value): Value => make("div", [a, b], {});
export const neg = (x: Value): Value => make("neg", [x], {});
/** x, as a constant to gradients. */
export const detach = (x: Value): Value => make("detach", [x], {});
export const exp = (x: Value): Value => make("exp", [x], {});
export const log = (x: Value): Value => make("log", [x], {});
export const sqrt = (x: Value): Value => make("sqrt", [x], {});
export const tanh = (x: Value): Value => make("tanh", [x], {});
/** 1 / (1 + exp(-x)) */
export const sigmoid = (x: Value): Value => make("sigmoid", [x], {});
/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = (x: Value): Value => make("erf", [x], {});
export const relu = (x: Value): Value => make("relu", [x], {});
/** y where x > 0, else 0. */
export const gate = (x: Value, y: Value): Value => make("gate", [x, y], {});
/**
 * The product of two matrices, or of batches of matrices; `transA` and `transB` swap the last two axes of an input
 * first.
 */
export const matmul = (a: Value, b: Value, trans: Partial<OpAttributes["matmul"]> = {}): Value =>
  make("matmul", [a, b], { transA: false, transB: false, ...trans });
/** x where the bool `mask` (x's shape) is true, else 0. */
export const keep = (x: Value, mask: Value): Value => make("keep", [x, mask], {});
/** Rows of `table` (rows, ...) selected by int32 `ids`. */
export const gather = (table: Value, ids: Value): Value => make("gather", [table, ids], {});
/** Sums `updates` into a table of `rows` zero rows, each update into the row of its id. */
export const scatterAdd = (ids: Value, updates: Value, rows: Dim): Value =>
  make("scatterAdd", [ids, updates], { rows });
/** Where rows of a padded table lie in one without padding, and back. */
export interface RowOrder {
  /** int32 (R): for each row without padding, its place in the padded table */
  packedAt: Value;
  /** int32 (N): for each row of the padded table, its place without padding; any for a row of padding */
  paddedAt: Value;
  /** (N, 1): 1 for a row, 0 for padding */
  isRow: Value;
}
/** The rows of a padded table (N, w) without padding: (R, w). Each is there once, so that the gradient is `padded`. */
export const packed = (x: Value, { packedAt, paddedAt, isRow }: RowOrder): Value =>
  make("reorder", [x, packedAt, paddedAt, isRow], { isPadded: false });
/** Rows (R, w) in their places of a padded table (N, w), whose other rows are 0. */
export const padded = (x: Value, { packedAt, paddedAt, isRow }: RowOrder): Value =>
  make("reorder", [x, paddedAt, packedAt, isRow], { isPadded: true });
/** The sum over the given axes, which are removed from the shape. */
export const reduceSum = (x: Value, axes: number[]): Value =>
  axes.length === 0 ? x : make("reduceSum", [x], { axes });
export const reshape = (x: Value, shape: Dim[]): Value =>
  sameShape(x.shape, shape) ? x : make("reshape", [x], { shape });
/** Axis i of the result is axis `permutation[i]` of x. */
export const transpose = (x: Value, permutation: number[]): Value => make("transpose", [x], { permutation });
export const concat = (values: Value[], axis: number): Value =>
  values.length === 1 ? values[0]! : make("concat", values, { axis });
export const slice = (x: Value, axis: number, start: Dim, end: Dim): Value => make("slice", [x], { axis, start, end });
export const broadcastTo = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : make("broadcastTo", [x], { shape: [...shape] });
/** Softmax over the last axis. */
export const softmax = (x: Value): Value => make("softmax", [x], {});
/**
 * Rotates each pair of x (B, H, L, w) by the angles whose cosines and sines (B, 1, L, w / 2) are given (Su et al.
 * 2021). They have no gradient.
 * @param isNeighbours whether dims 2i and 2i + 1 are a pair, instead of i and i + w / 2
 */
export const rotate = (x: Value, { cos, sin }: { cos: Value; sin: Value }, isNeighbours: boolean): Value =>
  make("rotate", [x, cos, sin], { isNeighbours });
/** RMS norm over the last axis: x / sqrt(mean(x^2) + epsilon) * scale (Zhang and Sennrich 2019). */
export const rmsNorm = (x: Value, scale: Value, epsilon: number): Value => make("rmsNorm", [x, scale], { epsilon });
/** 1 / sqrt(mean(x^2) + epsilon) over the last axis, shape (..., 1): the factor of rmsNorm. */
export const rmsInverse = (x: Value, epsilon: number): Value => make("rmsInverse", [x], { epsilon });
/** The cross-entropy of each row of logits (N, V) for int32 labels (N); a label below 0 gives 0. */
export const crossEntropy = (logits: Value, labels: Value): Value => make("crossEntropy", [logits, labels], {});
/** x, which an engine computes with only after the other values are there. */
export const after = (x: Value, others: readonly Value[]): Value => make("after", [x, ...others], {});
/** ln of the sum of exponentials over the last axis: (.., 1). */
export const logSumExp = (x: Value): Value => make("logSumExp", [x], {});
/** x (N, W) at column label - from of each row, (N, 1), for int32 labels (N); 0 where x has no such column. */
export const labelValue = (x: Value, labels: Value, from: number): Value => make("labelValue", [x, labels], { from });
/** x (N, W) less 1 at column label - from of each row that has such a column. */
export const lessOneHot = (x: Value, labels: Value, from: number): Value => make("lessOneHot", [x, labels], { from });
/** x (N) where the int32 label (N) is 0 or more, else 0. */
export const labelled = (x: Value, labels: Value): Value => make("labelled", [x, labels], {});
/**
 * Attention without a factor: softmax(q k^T + bias) v (Vaswani et al. 2017). Each head of keys and values serves
 * heads / keyValueHeads heads of queries, one behind the other.
 * @param query (B, heads, L, w)
 * @param key (B, keyValueHeads, K, w)
 * @param bias addends to the scores, broadcast to (B, heads, L, K): 0, or very low where a key is hidden
 * @param value (B, keyValueHeads, K, w)
 * @returns (B, heads, L, w)
 */
export const attention = (query: Value, key: Value, bias: Value, value: Value): Value =>
  make("attention", [query, key, bias, value], {});
/** GELU in its tanh approximation, 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hugging Face's gelu_new). */
export const geluTanh = (x: Value): Value => make("geluTanh", [x], {});
/** GELU, x times the standard normal distribution function of x: 0.5 x (1 + erf(x / sqrt(2))). */
export const geluExact = (x: Value): Value => make("geluExact", [x], {});
/** SiLU, x times the logistic function of x. */
export const silu = (x: Value): Value => make("silu", [x], {});
/** Layer norm over the last axis: (x - mean) / sqrt(variance + epsilon) * scale + shift, with the biased variance. */
export const layerNorm = (x: Value, scale: Value, shift: Value, epsilon: number): Value =>
  make("layerNorm", [x, scale, shift], { epsilon });
const crossEntropyGradient = (logits: Value, labels: Value, g: Value): Value =>
  make("crossEntropyGradient", [logits, labels, g], {});

/** Sums a gradient over the axes that broadcasting repeated, so that it has the shape of the input. */
export function sumTo(g: Value, shape: Shape): Value {
  const lead = g.shape.length - shape.length;
  const axes = g.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1));
  return reshape(reduceSum(g, axes), [...shape]);
}

const last = (x: Value): number => x.shape.length - 1;
const keepLast = (x: Value): Dim[] => [...x.shape.slice(0, -1), 1];
const meanLast = (x: Value): Value =>
  div(reshape(reduceSum(x, [last(x)]), keepLast(x)), scalar(Number(x.shape.at(-1))));
const flatten = (x: Value): Value => reshape(x, [productDim(x.shape.slice(0, -1)), x.shape.at(-1)!]);
const unary = (derivative: (g: Value, x: Value, y: Value) => Value) => ({
  shape: elementwise,
  gradient: (g: Value, inputs: readonly Value[], _: object, y: Value) => [derivative(g, operand(inputs, 0), y)],
});
const binary = (left: (g: Value, a: Value, b: Value) => Value, right: (g: Value, a: Value, b: Value) => Value) => ({
  shape: elementwise,
  gradient: (g: Value, inputs: readonly Value[]) => {
    const a = operand(inputs, 0);
    const b = operand(inputs, 1);
    return [sumTo(left(g, a, b), a.shape), sumTo(right(g, a, b), b.shape)];
  },
});

function matmulGradient(g: Value, inputs: readonly Value[], { transA, transB }: OpAttributes["matmul"]): Value[] {
  const a = operand(inputs, 0);
  const b = operand(inputs, 1);
  const left = transA ? matmul(b, g, { transA: transB, transB: true }) : matmul(g, b, { transB: !transB });
  if (b.shape.length === 2 && a.shape.length > 2 && !transA) {
    // One product over all rows at once, not one per batch entry and a sum.
    const a2 = flatten(a);
    const g2 = flatten(g);
    return [left, transB ? matmul(g2, a2, { transA: true }) : matmul(a2, g2, { transA: true })];
  }
  const right = transB ? matmul(g, a, { transA: true, transB: transA }) : matmul(a, g, { transA: !transA });
  return [sumTo(left, a.shape), sumTo(right, b.shape)];
}

/** With r = 1 / rms and h = scale g: dx = r h - x r^3 mean(h x). The output is not read, so it need not be kept. */
function rmsNormGradient(g: Value, inputs: readonly Value[], { epsilon }: OpAttributes["rmsNorm"]): Value[] {
  const x = operand(inputs, 0);
  const scale = operand(inputs, 1);
  const r = rmsInverse(x, epsilon);
  const h = mul(g, scale);
  const along = mul(mul(r, mul(r, r)), meanLast(mul(h, x)));
  return [sub(mul(h, r), mul(x, along)), sumTo(mul(g, mul(x, r)), scale.shape)];
}

function concatGradient(g: Value, inputs: readonly Value[], { axis }: OpAttributes["concat"]): Value[] {
  let start: Dim = 0;
  return inputs.map((v) => {
    const end = concatShape(
      [
        { ...v, shape: [start] },
        { ...v, shape: [v.shape[axis]!] },
      ],
      { axis: 0 },
    )[0]!;
    const part = slice(g, axis, start, end);
    start = end;
    return part;
  });
}

function sliceGradient(g: Value, inputs: readonly Value[], { axis, start, end }: OpAttributes["slice"]): Value[] {
  const x = operand(inputs, 0);
  const zeros = (from: Dim, to: Dim): Value[] => (from === to ? [] : [mul(slice(x, axis, from, to), scalar(0))]);
  return [concat([...zeros(0, start), g, ...zeros(end, x.shape[axis]!)], axis)];
}

/** A fused operation's output has the shape of its first input; its gradients are operations of the same engine. */
const fused = (of: FusedName) => ({
  shape: (inputs: readonly Value[]): Dim[] => [...operand(inputs, 0).shape],
  gradient: (g: Value, inputs: readonly Value[], attributes: object): Value[] =>
    inputs.map((_, by) => make("fusedGradient", [...inputs, g], { of, by, attributes })),
});

/** Every operation: how its output's shape follows from the inputs, and its gradient. */
export const OPS: { [K in OpName]: Row<K> } = {
  add: binary(
    (g) => g,
    (g) => g,
  ),
  sub: binary(
    (g) => g,
    (g) => neg(g),
  ),
  mul: binary(
    (g, _, b) => mul(g, b),
    (g, a) => mul(g, a),
  ),
  div: binary(
    (g, _, b) => div(g, b),
    (g, a, b) => neg(div(mul(g, a), mul(b, b))),
  ),
  neg: unary((g) => neg(g)),
  detach: { shape: elementwise, gradient: () => [undefined] },
  exp: unary((g, _, y) => mul(g, y)),
  log: unary((g, x) => div(g, x)),
  sqrt: unary((g, _, y) => div(g, mul(scalar(2), y))),
  tanh: unary((g, _, y) => mul(g, sub(scalar(1), mul(y, y)))),
  sigmoid: unary((g, _, y) => mul(g, mul(y, sub(scalar(1), y)))),
  erf: unary((g, x) => mul(g, mul(scalar(2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x)))))),
  relu: unary((g, x) => gate(x, g)),
  gate: { shape: elementwise, gradient: (g, inputs) => [undefined, gate(operand(inputs, 0), g)] },
  keep: { shape: elementwise, gradient: (g, inputs) => [keep(g, operand(inputs, 1)), undefined] },
  matmul: { shape: matmulShape, gradient: matmulGradient },
  gather: {
    shape: (inputs) => [...operand(inputs, 1).shape, ...operand(inputs, 0).shape.slice(1)],
    gradient: (g, inputs) => [scatterAdd(operand(inputs, 1), g, operand(inputs, 0).shape[0]!), undefined],
  },
  scatterAdd: {
    shape: (inputs, { rows }) => [rows, ...operand(inputs, 1).shape.slice(operand(inputs, 0).shape.length)],
    gradient: (g, inputs) => [undefined, gather(g, operand(inputs, 0))],
  },
  reorder: {
    shape: (inputs) => [...operand(inputs, 1).shape, ...operand(inputs, 0).shape.slice(1)],
    gradient: (g, inputs, { isPadded }) => [
      make("reorder", [g, operand(inputs, 2), operand(inputs, 1), operand(inputs, 3)], { isPadded: !isPadded }),
      undefined,
      undefined,
      undefined,
    ],
  },
  reduceSum: {
    shape: (inputs, { axes }) => removeAxes(operand(inputs, 0).shape, axes),
    gradient: (g, inputs, { axes }) => {
      const x = operand(inputs, 0);
      return [
        broadcastTo(
          reshape(
            g,
            x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
          ),
          x.shape,
        ),
      ];
    },
  },
  reshape: { shape: reshapeShape, gradient: (g, inputs) => [reshape(g, [...operand(inputs, 0).shape])] },
  transpose: {
    shape: (inputs, { permutation }) => permutation.map((i) => operand(inputs, 0).shape[i]!),
    gradient: (g, _, { permutation }) => [
      transpose(
        g,
        permutation.map((__, i) => permutation.indexOf(i)),
      ),
    ],
  },
  concat: { shape: concatShape, gradient: concatGradient },
  slice: { shape: sliceShape, gradient: sliceGradient },
  broadcastTo: { shape: (_, { shape }) => [...shape], gradient: (g, inputs) => [sumTo(g, operand(inputs, 0).shape)] },
  softmax: {
    shape: elementwise,
    gradient: (g, _, __, y) => [mul(y, sub(g, reshape(reduceSum(mul(g, y), [last(y)]), keepLast(y))))],
  },
  rmsNorm: { shape: (inputs) => [...operand(inputs, 0).shape], gradient: rmsNormGradient },
  // The inverse of a rotation turns by the same angles in the other direction.
  rotate: {
    shape: (inputs) => [...operand(inputs, 0).shape],
    gradient: (g, inputs, { isNeighbours }) => [
      rotate(g, { cos: operand(inputs, 1), sin: neg(operand(inputs, 2)) }, isNeighbours),
      undefined,
      undefined,
    ],
  },
  rmsInverse: {
    shape: (inputs) => keepLast(operand(inputs, 0)),
    gradient: (g, inputs, _, r) => {
      const x = operand(inputs, 0);
      return [neg(div(mul(x, mul(g, mul(r, mul(r, r)))), scalar(Number(x.shape.at(-1)))))];
    },
  },
  crossEntropy: {
    shape: (inputs) => [...operand(inputs, 1).shape],
    gradient: (g, inputs) => [crossEntropyGradient(operand(inputs, 0), operand(inputs, 1), g), undefined],
  },
  // Training differentiates a loss once, so second derivatives are not defined.
  crossEntropyGradient: {
    shape: (inputs) => [...operand(inputs, 0).shape],
    gradient: () => {
      throw new Error("crossEntropyGradient has no gradient of its own");
    },
  },
  after: {
    shape: (inputs) => [...operand(inputs, 0).shape],
    gradient: (g, inputs) => inputs.map((_, i) => (i === 0 ? g : undefined)),
  },
  logSumExp: {
    shape: (inputs) => keepLast(operand(inputs, 0)),
    gradient: (g, inputs) => [mul(softmax(operand(inputs, 0)), g)],
  },
  // A table of zeros with g at the labels is 0 less the one-hot rows, negated.
  labelValue: {
    shape: (inputs) => keepLast(operand(inputs, 0)),
    gradient: (g, inputs, { from }) => [
      neg(mul(lessOneHot(mul(operand(inputs, 0), scalar(0)), operand(inputs, 1), from), g)),
      undefined,
    ],
  },
  lessOneHot: { shape: (inputs) => [...operand(inputs, 0).shape], gradient: (g) => [g, undefined] },
  labelled: {
    shape: (inputs) => [...operand(inputs, 0).shape],
    gradient: (g, inputs) => [labelled(g, operand(inputs, 1)), undefined],
  },
  attention: fused("attention"),
  geluTanh: fused("geluTanh"),
  geluExact: fused("geluExact"),
  silu: fused("silu"),
  layerNorm: fused("layerNorm"),
  fusedGradient: {
    shape: (inputs, { by }) => [...operand(inputs, by).shape],
    gradient: () => {
      throw new Error("fusedGradient has no gradient of its own");
    },
  },
};
