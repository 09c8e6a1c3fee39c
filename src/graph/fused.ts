import { productDim } from "./dims.ts";
import { pullback } from "./gradient.ts";
import { add, div, erf, matmul, mul, reduceSum, reshape, sigmoid, softmax, sqrt, sub, tanh } from "./ops.ts";
import { operand } from "./shapeRules.ts";
import {
  scalar,
  topological,
  type FusedName,
  type OpAttributes,
  type OpName,
  type OpValue,
  type PrimitiveName,
  type Value,
} from "./value.ts";

function attention(inputs: readonly Value[]): Value {
  const [query, key, bias, value] = [0, 1, 2, 3].map((i) => operand(inputs, i)) as [Value, Value, Value, Value];
  const [rows, heads, length, width] = query.shape;
  const [, keyValueHeads, keys] = key.shape;
  const queries = productDim([Number(heads) / Number(keyValueHeads), length!]);
  const grouped = reshape(query, [rows!, keyValueHeads!, queries, width!]);
  const scores = reshape(matmul(grouped, key, { transB: true }), [rows!, heads!, length!, keys!]);
  const shares = reshape(softmax(add(scores, bias)), [rows!, keyValueHeads!, queries, keys!]);
  return reshape(matmul(shares, value), [...query.shape]);
}

function geluTanh([x]: readonly Value[]): Value {
  const cubic = add(x!, mul(scalar(0.044715), mul(mul(x!, x!), x!)));
  return mul(mul(scalar(0.5), x!), add(scalar(1), tanh(mul(scalar(Math.sqrt(2 / Math.PI)), cubic))));
}

function layerNorm(inputs: readonly Value[], { epsilon }: OpAttributes["layerNorm"]): Value {
  const [x, scale, shift] = inputs as [Value, Value, Value];
  const axis = x.shape.length - 1;
  const size = Number(x.shape.at(-1));
  const mean = (v: Value): Value => div(reshape(reduceSum(v, [axis]), [...v.shape.slice(0, -1), 1]), scalar(size));
  const centred = sub(x, mean(x));
  return add(mul(div(centred, sqrt(add(mean(mul(centred, centred)), scalar(epsilon)))), scale), shift);
}

/** What each fused operation computes, in operations that every engine has. */
const DEFINITIONS: { [K in FusedName]: (inputs: readonly Value[], attributes: OpAttributes[K]) => Value } = {
  attention,
  geluTanh,
  layerNorm,
  geluExact: ([x]) => mul(mul(scalar(0.5), x!), add(scalar(1), erf(mul(x!, scalar(Math.SQRT1_2))))),
  silu: ([x]) => mul(x!, sigmoid(x!)),
};

const isFused = (value: OpValue): value is Extract<OpValue, { op: FusedName }> => value.op in DEFINITIONS;

/**
 * The name of an operation that every engine has.
 * @throws Error for a fused one, which should have been expanded
 */
export function primitive(op: OpName): PrimitiveName {
  if (op in DEFINITIONS || op === "fusedGradient") throw new Error(`${op} is to be expanded first`);
  return op as PrimitiveName;
}

function defined(of: FusedName, inputs: readonly Value[], attributes: object): Value {
  const define = DEFINITIONS[of] as (inputs: readonly Value[], attributes: object) => Value;
  return define(inputs, attributes);
}

/** The gradient by input `by` of a fused operation's definition. */
function definedGradient({ attributes: { of, by, attributes }, inputs }: Extract<OpValue, { op: "fusedGradient" }>) {
  // A value that is two inputs, as equal ones become, counts for one of them only.
  const own = inputs.slice(0, -1).map((each, i) => (inputs.indexOf(each) < i ? { ...each } : each));
  const [gradient] = pullback(defined(of, own, attributes), inputs.at(-1)!, {
    targets: [own[by]!],
    leaves: new Set(own),
  });
  if (gradient === undefined) throw new Error(`${of} does not depend on its input ${by}`);
  return gradient;
}

/**
 * Returns equal outputs in which fused operations, and their gradients, are replaced by their definitions.
 * @param kept the fused operations that stay, since the engine has them
 */
export function expanded(
  outputs: Readonly<Record<string, Value>>,
  kept: ReadonlySet<FusedName> = new Set(),
): Record<string, Value> {
  const made = new Map<Value, Value>();
  for (const value of topological(Object.values(outputs))) {
    if (value.kind !== "op") continue;
    const own = value.inputs.some((input) => made.has(input))
      ? ({ ...value, inputs: value.inputs.map((input) => made.get(input) ?? input) } as OpValue)
      : value;
    if (isFused(own) && !kept.has(own.op)) made.set(value, defined(own.op, own.inputs, own.attributes));
    else if (own.op === "fusedGradient" && !kept.has(own.attributes.of)) made.set(value, definedGradient(own));
    else if (own !== value) made.set(value, own);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, made.get(value) ?? value]));
}
