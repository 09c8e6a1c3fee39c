import type { Dim, Shape } from "./dims.ts";

export type DataType = "float32" | "int32" | "bool";

/** The attributes of each operation, besides its inputs. An operation has one key here and one row in ops.ts. */
export interface OpAttributes {
  add: object;
  sub: object;
  mul: object;
  div: object;
  neg: object;
  /** x, as a constant to gradients. */
  detach: object;
  exp: object;
  log: object;
  sqrt: object;
  tanh: object;
  sigmoid: object;
  erf: object;
  relu: object;
  /** y where x > 0, else 0: the derivative of relu applied to y. */
  gate: object;
  /** x where the mask (bool, of x's shape) is true, else 0. */
  keep: object;
  matmul: { transA: boolean; transB: boolean };
  gather: object;
  scatterAdd: { rows: Dim };
  /** Rows in another order; `isPadded`: the result also has rows of padding, which are 0. */
  reorder: { isPadded: boolean };
  reduceSum: { axes: number[] };
  reshape: { shape: Dim[] };
  transpose: { permutation: number[] };
  concat: { axis: number };
  slice: { axis: number; start: Dim; end: Dim };
  broadcastTo: { shape: Dim[] };
  softmax: object;
  rmsNorm: { epsilon: number };
  /** Rotates pairs of the last axis of (B, H, L, w): dims i and i + w / 2, or neighbours. */
  rotate: { isNeighbours: boolean };
  /** 1 / sqrt(mean(x^2) + epsilon) over the last axis, which becomes size 1. */
  rmsInverse: { epsilon: number };
  crossEntropy: object;
  crossEntropyGradient: object;
  /** The first input, computed only after the others. */
  after: object;
  /** ln of the sum of exponentials over the last axis, which becomes size 1. */
  logSumExp: object;
  /** x (N, W) at each row's label (N) less `from`, as (N, 1); 0 where that is no column of x. */
  labelValue: { from: number };
  /** x (N, W) less 1 at each row's label (N) less `from`, if that is a column of x. */
  lessOneHot: { from: number };
  /** x (N) where the label (N) is 0 or more, else 0. */
  labelled: object;
  attention: object;
  geluTanh: object;
  geluExact: object;
  silu: object;
  layerNorm: { epsilon: number };
  /** The gradient by input `by` of the fused operation `of`; the last input is the gradient by its output. */
  fusedGradient: { of: FusedName; by: number; attributes: object };
}
export type OpName = keyof OpAttributes;
/** Operations that other ones define; an engine may have a kernel for the whole (see fused.ts). */
export type FusedName = "attention" | "geluTanh" | "geluExact" | "silu" | "layerNorm";
/** The operations that every engine has. */
export type PrimitiveName = Exclude<OpName, FusedName | "fusedGradient">;

/**
 * A node of the graph, named by its only output. Values are immutable; a graph consists of all values that its outputs
 * depend on.
 */
export type Value = InputValue | WeightValue | ConstantValue | OpValue;
interface Typed {
  readonly shape: Shape;
  readonly type: DataType;
}
/** A value that is fed at each run, by name. */
export interface InputValue extends Typed {
  readonly kind: "input";
  readonly name: string;
}
/** A frozen tensor of the backbone, by its name in the weights file. */
export interface WeightValue extends Typed {
  readonly kind: "weight";
  readonly name: string;
  /** The matrix that this one is rows of, from `from` (inclusive) on; its name is then one of its own. */
  readonly rowsOf?: { readonly name: string; readonly dims: readonly number[]; readonly from: number };
}
/** A tensor whose values, row-major, are part of the graph. */
export interface ConstantValue extends Typed {
  readonly kind: "constant";
  readonly data: Float32Array | Int32Array;
}
/**
 * An operation with its inputs and attributes. The type is a union over the operations, so `op` decides the type of
 * `attributes`.
 */
export type OpValue = {
  [K in OpName]: Typed & {
    readonly kind: "op";
    readonly op: K;
    readonly inputs: readonly Value[];
    readonly attributes: OpAttributes[K];
    /**
     * Whether the value is to be computed right before its use: where an equal one exists, so that neither is kept, and
     * where it is large.
     */
    readonly isRecomputed?: true;
    /** The number of the layer whose input this value is; layers are numbered as they are computed. */
    readonly startsLayer?: number;
  };
}[OpName];

export const input = (name: string, shape: Shape, type: DataType = "float32"): InputValue => ({
  kind: "input",
  name,
  shape,
  type,
});
export const weight = (name: string, shape: Shape): WeightValue => ({ kind: "weight", name, shape, type: "float32" });
/** Rows `from` (inclusive) to `to` (exclusive) of a frozen matrix. */
export const weightRows = ({ name, shape }: WeightValue, from: number, to: number): WeightValue => ({
  ...weight(`${name} ${from} ${to}`, [to - from, ...shape.slice(1)]),
  rowsOf: { name, dims: shape.map(Number), from },
});
/** The same value as the input of a layer; see OpValue. */
export const layerInput = (value: Value, layer: number): Value =>
  value.kind === "op" ? { ...value, startsLayer: layer } : value;
/** A float32 constant of shape (); the number is rounded to fp32. */
export const scalar = (value: number): ConstantValue => ({
  kind: "constant",
  data: Float32Array.of(value),
  shape: [],
  type: "float32",
});

const NONE: ReadonlySet<Value> = new Set();

/**
 * Lists every value that the outputs depend on, each after its inputs.
 * @param leaves values whose own inputs are left out
 */
export function topological(outputs: Iterable<Value>, leaves: ReadonlySet<Value> = NONE): Value[] {
  const order: Value[] = [];
  const visited = new Set<Value>();
  const visit = (root: Value): void => {
    const stack: { value: Value; next: number }[] = [{ value: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const inputs = top.value.kind === "op" && !leaves.has(top.value) ? top.value.inputs : [];
      const child = inputs[top.next++];
      if (child === undefined) {
        stack.pop();
        if (!visited.has(top.value)) {
          visited.add(top.value);
          order.push(top.value);
        }
      } else if (!visited.has(child)) stack.push({ value: child, next: 0 });
    }
  };
  for (const output of outputs) if (!visited.has(output)) visit(output);
  return order;
}
