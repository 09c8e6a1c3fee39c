import { ELEMENTWISE } from "./elementwise.ts";
import { simplify } from "./passes.ts";
import { topological, type OpValue, type Value } from "./value.ts";

const isScalar = (value: Value): boolean => value.kind === "constant" && value.shape.length === 0;

/**
 * The value that each value is a cheap function of, element by element, scalars aside; itself where there is none.
 * @param order values, each after its inputs
 */
function sources(order: readonly Value[]): ReadonlyMap<Value, Value> {
  const found = new Map<Value, Value>();
  for (const value of order) {
    const from =
      value.kind === "op" && ELEMENTWISE.has(value.op)
        ? new Set(value.inputs.filter((input) => !isScalar(input)).map((input) => found.get(input)!))
        : new Set<Value>();
    const [source = value] = from.size === 1 ? from : [];
    found.set(value, source);
  }
  return found;
}

/**
 * Returns equal outputs that keep less from the forward to the backward pass: an activation function's intermediate
 * values (such as sigmoid(x) and x sigmoid(x)) are computed a second time from x where the gradients need them, if x is
 * kept anyway.
 * @param outputs the loss and gradients
 * @param loss the name of the output that the forward pass computes
 */
export function recomputeActivations(outputs: Readonly<Record<string, Value>>, loss: string): Record<string, Value> {
  const simple = simplify(outputs);
  const forward = new Set(topological([simple[loss]!]));
  const order = topological(Object.values(simple));
  const source = sources(order);
  const backward = order.filter((value) => value.kind === "op" && !forward.has(value)) as OpValue[];
  const kept = new Set(backward.flatMap(({ inputs }) => inputs.filter((input) => forward.has(input))));
  const isRecomputed = (value: Value): boolean => {
    const from = source.get(value)!;
    return from !== value && kept.has(from);
  };
  const again = new Map<Value, Value>();
  const rewritten = (value: Value): Value => {
    const known = again.get(value);
    if (known !== undefined) return known;
    if (value.kind !== "op" || (forward.has(value) && !isRecomputed(value))) return value;
    const inputs = value.inputs.map(rewritten);
    const made = { ...value, inputs, ...(isRecomputed(value) && { isRecomputed: true }) } as OpValue;
    again.set(value, made);
    return made;
  };
  // In order, since a recursion over all of a deep graph would be too deep.
  for (const value of backward) rewritten(value);
  return Object.fromEntries(
    Object.entries(simple).map(([name, value]) => [name, forward.has(value) ? value : rewritten(value)]),
  );
}
