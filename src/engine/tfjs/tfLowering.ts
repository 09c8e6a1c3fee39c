import type { Shape } from "../../graph/dims.ts";
import type { PrimitiveName, OpValue } from "../../graph/value.ts";
import type { TfTensor } from "./tensorflow.ts";
import type { TfOperations } from "./tfOperations.ts";
import type { TfRun } from "./tfRun.ts";

/** An operation that is ready to run: it does not change its inputs, and creates one tensor. */
export type Kernel = (inputs: readonly TfTensor[], run: TfRun) => TfTensor;
/** Prepares an operation of the graph as operations of TensorFlow. */
export type TfLowering<V> = (tf: TfOperations, value: V) => Kernel;
type Of<K extends PrimitiveName> = Extract<OpValue, { op: K }>;

const direct =
  (operation: string): TfLowering<OpValue> =>
  (tf) => {
    const call = tf.call(operation);
    return (inputs) => call(...inputs);
  };
const first = (inputs: readonly TfTensor[]): TfTensor => inputs[0]!;
const second = (inputs: readonly TfTensor[]): TfTensor => inputs[1]!;
const shapeOf = (value: OpValue, input: number): Shape => value.inputs[input]!.shape;

/** A product with a matrix is one product over all rows; the batched operation would make one for each batch entry. */
function matmul(tf: TfOperations, value: Of<"matmul">): Kernel {
  const { transA, transB } = value.attributes;
  const left = shapeOf(value, 0);
  const right = shapeOf(value, 1).length;
  if (right > 2 || (transA && left.length > 2)) {
    const batched = tf.call("BatchMatMulV2", { adj_x: transA, adj_y: transB });
    return (inputs) => batched(first(inputs), second(inputs));
  }
  const product = tf.call("MatMul", { transpose_a: transA, transpose_b: transB });
  if (left.length === 2) return (inputs) => product(first(inputs), second(inputs));
  const reshaped = tf.call("Reshape");
  const rows = tf.ints([-1, Number(left.at(-1))]);
  return (inputs, run) => {
    const a = first(inputs);
    const b = second(inputs);
    const flat = run.pass(reshaped(a, rows));
    return reshaped(run.pass(product(flat, b)), run.shape([...a.shape.slice(0, -1), b.shape[transB ? 0 : 1]!]));
  };
}

/** Sizes of the target are those of the input's dimensions of the same name, or sums and products of known sizes. */
function reshape(tf: TfOperations, value: Of<"reshape">): Kernel {
  const call = tf.call("Reshape");
  const from = shapeOf(value, 0);
  const { shape } = value.attributes;
  if (shape.every((dim) => typeof dim === "number")) {
    const sizes = tf.ints(shape);
    return (inputs) => call(first(inputs), sizes);
  }
  const places = shape.map((dim) => (typeof dim === "string" ? from.indexOf(dim) : -1));
  return (inputs, run) =>
    call(
      first(inputs),
      run.shape(shape.map((dim, i) => (places[i]! >= 0 ? first(inputs).shape[places[i]!]! : run.size(dim)))),
    );
}

function slice(tf: TfOperations, value: Of<"slice">): Kernel {
  const call = tf.call("Slice");
  const { axis, start, end } = value.attributes;
  const rest = shapeOf(value, 0).map((_, i) => i);
  return (inputs, run) => {
    const from = run.size(start);
    const size = run.size(end) - from;
    return call(
      first(inputs),
      run.shape(rest.map((i) => (i === axis ? from : 0))),
      run.shape(rest.map((i) => (i === axis ? size : -1))),
    );
  };
}

function concat(tf: TfOperations, value: Of<"concat">): Kernel {
  const call = tf.call("ConcatV2", { N: value.inputs.length, T: value.type, Tidx: "int32" });
  const axis = tf.int(value.attributes.axis);
  return (inputs) => call(...inputs, axis);
}

/** y where x > 0, else 0. */
function gate(tf: TfOperations): Kernel {
  const call = tf.call("ReluGrad");
  return (inputs) => call(second(inputs), first(inputs));
}

function keep(tf: TfOperations): Kernel {
  const select = tf.call("SelectV2");
  const zeros = tf.call("ZerosLike");
  return (inputs, run) => select(second(inputs), first(inputs), run.pass(zeros(first(inputs))));
}

/** 1 / sqrt(mean(x^2) + epsilon) of each row. */
function inverse(tf: TfOperations, value: Of<"rmsNorm"> | Of<"rmsInverse">): (x: TfTensor, run: TfRun) => TfTensor {
  const [square, mean, add, root] = [
    tf.call("Square"),
    tf.call("Mean", { keep_dims: true }),
    tf.call("AddV2"),
    tf.call("Rsqrt"),
  ];
  const axis = tf.ints([value.shape.length - 1]);
  const epsilon = tf.float(value.attributes.epsilon);
  return (x, { pass }) => root(pass(add(pass(mean(pass(square(x)), axis)), epsilon)));
}

function rmsNorm(tf: TfOperations, value: Of<"rmsNorm">): Kernel {
  const factor = inverse(tf, value);
  const multiply = tf.call("Mul");
  return (inputs, run) =>
    multiply(run.pass(multiply(first(inputs), run.pass(factor(first(inputs), run)))), second(inputs));
}

/** The first and second dims of each pair, and back, by slices of the last axis. */
function rotate(tf: TfOperations, value: Of<"rotate">): Kernel {
  const width = Number(value.shape.at(-1));
  const half = width / 2;
  const { isNeighbours } = value.attributes;
  const [split, join, reshaped] = [
    tf.call("StridedSlice", { ellipsis_mask: 1 }),
    tf.call("ConcatV2", { N: 2, T: "float32", Tidx: "int32" }),
    tf.call("Reshape"),
  ];
  const [multiply, add, subtract] = [tf.call("Mul"), tf.call("AddV2"), tf.call("Sub")];
  const [from, to, by] = isNeighbours
    ? [tf.ints([0, 0]), tf.ints([0, width]), tf.ints([1, 2])]
    : [tf.ints([0, 0]), tf.ints([0, half]), tf.ints([1, 1])];
  const [from2, to2] = isNeighbours
    ? [tf.ints([0, 1]), tf.ints([0, width])]
    : [tf.ints([0, half]), tf.ints([0, width])];
  const last = tf.int(-1);
  return (inputs, run) => {
    const { pass } = run;
    const [x, cos, sin] = [inputs[0]!, inputs[1]!, inputs[2]!];
    const one = pass(split(x, from, to, by));
    const two = pass(split(x, from2, to2, by));
    const turned = pass(subtract(pass(multiply(one, cos)), pass(multiply(two, sin))));
    const other = pass(add(pass(multiply(two, cos)), pass(multiply(one, sin))));
    if (!isNeighbours) return join(turned, other, last);
    const pairs = run.shape([...one.shape, 1]);
    const both = pass(join(pass(reshaped(turned, pairs)), pass(reshaped(other, pairs)), last));
    return reshaped(both, run.shape(x.shape));
  };
}

/** 1 for each label that has a loss, else 0. */
function counted(tf: TfOperations): (labels: TfTensor, run: TfRun) => TfTensor {
  const greaterEqual = tf.call("GreaterEqual");
  const cast = tf.call("Cast", { DstT: "float32" });
  const zero = tf.int(0);
  return (labels, { pass }) => pass(cast(pass(greaterEqual(labels, zero))));
}

function crossEntropy(tf: TfOperations, value: Of<"crossEntropy">): Kernel {
  const rank = value.shape.length;
  const valid = counted(tf);
  const logSoftmax = tf.call("LogSoftmax");
  const maximum = tf.call("Maximum");
  const pick = tf.call("GatherV2", { batch_dims: rank });
  const axis = tf.int(rank);
  const zero = tf.int(0);
  const negate = tf.call("Neg");
  const multiply = tf.call("Mul");
  return (inputs, run) => {
    const { pass } = run;
    const labels = second(inputs);
    const picked = pass(pick(pass(logSoftmax(first(inputs))), pass(maximum(labels, zero)), axis));
    return multiply(pass(negate(picked)), valid(labels, run));
  };
}

function crossEntropyGradient(tf: TfOperations, value: Of<"crossEntropyGradient">): Kernel {
  const valid = counted(tf);
  const softmax = tf.call("Softmax");
  const oneHot = tf.call("OneHot");
  const expand = tf.call("ExpandDims");
  const subtract = tf.call("Sub");
  const multiply = tf.call("Mul");
  const classes = tf.int(Number(value.shape.at(-1)));
  const on = tf.float(1);
  const off = tf.float(0);
  const axis = tf.int(-1);
  return (inputs, run) => {
    const { pass } = run;
    const labels = second(inputs);
    const factor = pass(expand(pass(multiply(inputs[2]!, valid(labels, run))), axis));
    return multiply(pass(subtract(pass(softmax(first(inputs))), pass(oneHot(labels, classes, on, off)))), factor);
  };
}

/** Rows (N, W) with 1 at column label - from of each row that has such a column, else 0. */
function oneHotRows(tf: TfOperations, value: Of<"labelValue"> | Of<"lessOneHot">) {
  const subtract = tf.call("Sub");
  const oneHot = tf.call("OneHot");
  const [from, width] = [tf.int(value.attributes.from), tf.int(Number(shapeOf(value, 0)[1]))];
  const [on, off] = [tf.float(1), tf.float(0)];
  return (labels: TfTensor, { pass }: TfRun): TfTensor => oneHot(pass(subtract(labels, from)), width, on, off);
}

function labelValue(tf: TfOperations, value: Of<"labelValue">): Kernel {
  const rows = oneHotRows(tf, value);
  const multiply = tf.call("Mul");
  const sum = tf.call("Sum", { keep_dims: true });
  const axis = tf.ints([1]);
  return (inputs, run) => sum(run.pass(multiply(first(inputs), run.pass(rows(second(inputs), run)))), axis);
}

function lessOneHot(tf: TfOperations, value: Of<"lessOneHot">): Kernel {
  const rows = oneHotRows(tf, value);
  const subtract = tf.call("Sub");
  return (inputs, run) => subtract(first(inputs), run.pass(rows(second(inputs), run)));
}

function labelled(tf: TfOperations): Kernel {
  const valid = counted(tf);
  const multiply = tf.call("Mul");
  return (inputs, run) => multiply(first(inputs), valid(second(inputs), run));
}

/** max + ln of the sum of exp(x - max), over the last axis. */
function logSumExp(tf: TfOperations, value: Of<"logSumExp">): Kernel {
  const [max, sum] = [tf.call("Max", { keep_dims: true }), tf.call("Sum", { keep_dims: true })];
  const [subtract, exp, log, add] = [tf.call("Sub"), tf.call("Exp"), tf.call("Log"), tf.call("AddV2")];
  const axis = tf.ints([value.shape.length - 1]);
  return (inputs, { pass }) => {
    const most = pass(max(first(inputs), axis));
    return add(pass(log(pass(sum(pass(exp(pass(subtract(first(inputs), most)))), axis)))), most);
  };
}

/** The lowering of every operation; the type makes it complete. */
export const TF_LOWERINGS: { [K in PrimitiveName]: TfLowering<Of<K>> } = {
  add: direct("AddV2"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("RealDiv"),
  neg: direct("Neg"),
  detach: direct("Identity"),
  exp: direct("Exp"),
  log: direct("Log"),
  sqrt: direct("Sqrt"),
  tanh: direct("Tanh"),
  sigmoid: direct("Sigmoid"),
  erf: direct("Erf"),
  relu: direct("Relu"),
  softmax: direct("Softmax"),
  gate,
  keep,
  matmul,
  reshape,
  slice,
  concat,
  rmsNorm,
  rotate,
  crossEntropy,
  crossEntropyGradient,
  after: (tf) => {
    const call = tf.call("Identity");
    return (inputs) => call(first(inputs));
  },
  logSumExp,
  labelValue,
  lessOneHot,
  labelled,
  rmsInverse: (tf, value) => {
    const factor = inverse(tf, value);
    return (inputs, run) => factor(first(inputs), run);
  },
  gather: (tf) => {
    const call = tf.call("GatherV2");
    const axis = tf.int(0);
    return (inputs) => call(first(inputs), second(inputs), axis);
  },
  reorder: (tf, { attributes: { isPadded } }) => {
    const call = tf.call("GatherV2");
    const times = tf.call("Mul");
    const axis = tf.int(0);
    if (!isPadded) return (inputs) => call(first(inputs), second(inputs), axis);
    return (inputs, run) => times(run.pass(call(first(inputs), second(inputs), axis)), inputs[3]!);
  },
  // A segment sum whose segments are the ids: rows without an id are 0, rows with several ids are summed.
  scatterAdd: (tf, { attributes }) => {
    const call = tf.call("UnsortedSegmentSum");
    return (inputs, run) => call(second(inputs), first(inputs), run.scalar(run.size(attributes.rows)));
  },
  reduceSum: (tf, { attributes }) => {
    const call = tf.call("Sum");
    const axes = tf.ints(attributes.axes);
    return (inputs) => call(first(inputs), axes);
  },
  transpose: (tf, { attributes }) => {
    const call = tf.call("Transpose");
    const permutation = tf.ints(attributes.permutation);
    return (inputs) => call(first(inputs), permutation);
  },
  broadcastTo: (tf, { attributes }) => {
    const call = tf.call("BroadcastTo");
    return (inputs, run) => call(first(inputs), run.shape(attributes.shape.map((dim) => run.size(dim))));
  },
};
