import { mul, reshape, transpose } from "./ops.ts";
import { scalar, topological, type ConstantValue, type OpName, type OpValue, type Value } from "./value.ts";

const isScalar = (value: Value | undefined): value is ConstantValue =>
  value?.kind === "constant" && value.shape.length === 0 && value.type === "float32";

/**
 * The operations on scalars that constant folding computes; `scalar` rounds the results to fp32, as an engine would.
 */
const ARITHMETIC: Partial<Record<OpName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  relu: (a) => Math.max(a, 0),
};

/** The value of an operation whose inputs are scalar constants, as a constant; undefined for any other. */
function folded(value: OpValue): Value | undefined {
  const compute = ARITHMETIC[value.op];
  if (compute === undefined || !value.inputs.every(isScalar)) return undefined;
  const [a = 0, b = 0] = value.inputs.map((input) => input.data[0]!);
  return scalar(compute(a, b));
}

/** A cheaper value that equals the operation and has its shape; undefined where no rule applies. */
function shorter(value: OpValue): Value | undefined {
  const [first, second] = value.inputs;
  if (first === undefined) return undefined;
  switch (value.op) {
    case "mul":
      return shorterProduct(first, second!);
    case "neg":
      return first.kind === "op" && first.op === "neg" ? first.inputs[0] : undefined;
    case "reshape":
      return first.kind === "op" && first.op === "reshape"
        ? reshape(first.inputs[0]!, value.attributes.shape)
        : undefined;
    case "transpose": {
      if (first.kind !== "op" || first.op !== "transpose") return undefined;
      const both = value.attributes.permutation.map((axis) => first.attributes.permutation[axis]!);
      return both.every((axis, i) => axis === i) ? first.inputs[0] : transpose(first.inputs[0]!, both);
    }
    default:
      return undefined;
  }
}

/** The rules x * 1 = x and a * (b * x) = (a b) * x. */
function shorterProduct(left: Value, right: Value): Value | undefined {
  const factor = [left, right].find(isScalar);
  if (factor === undefined) return undefined;
  const x = factor === left ? right : left;
  if (factor.data[0] === 1) return x;
  if (x.kind !== "op" || x.op !== "mul") return undefined;
  const inner = x.inputs.find(isScalar);
  const rest = x.inputs.find((input) => !isScalar(input));
  return inner === undefined || rest === undefined ? undefined : mul(scalar(factor.data[0]! * inner.data[0]!), rest);
}

/**
 * Returns equal outputs with constants folded, redundant operations removed and equal ones computed once. Dead values
 * need no pass: a graph consists only of what its outputs depend on.
 */
export function simplify(outputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const simple = new Map<Value, Value>();
  const known = new Map<string, Value>();
  const numbers = new Map<Value, number>();
  const number = (value: Value): number => {
    const found = numbers.get(value) ?? numbers.size;
    numbers.set(value, found);
    return found;
  };
  const unique = (value: Value): Value => {
    const key = keyOf(value, number);
    const found = known.get(key) ?? value;
    known.set(key, found);
    return found;
  };
  const rewrite = (value: Value): Value => {
    if (value.kind !== "op") return unique(value);
    const next = { ...value, inputs: value.inputs.map((input) => simple.get(input) ?? input) } as OpValue;
    const better = folded(next) ?? shorter(next);
    return unique(better ?? next);
  };
  for (const value of topological(Object.values(outputs))) simple.set(value, rewrite(value));
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, simple.get(value)!]));
}

/** A key that is equal for values that compute the same from the same inputs. */
function keyOf(value: Value, number: (value: Value) => number): string {
  switch (value.kind) {
    case "input":
      return `input ${value.name}`;
    case "weight":
      return `weight ${value.name}`;
    case "constant":
      return value.shape.length === 0
        ? `constant ${value.type} ${value.data[0]!} ${Object.is(value.data[0], -0)}`
        : `constant ${number(value)}`;
    case "op":
      return `${value.isRecomputed ? "again " : ""}${value.op} ${JSON.stringify(value.attributes)} ${value.inputs.map(number).join()} ${value.shape.join()}`;
  }
}
