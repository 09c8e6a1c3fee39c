import { add, OPS } from "./ops.ts";
import { scalar, topological, type OpName, type OpValue, type Value } from "./value.ts";

function rowGradient(value: OpValue, g: Value): (Value | undefined)[] {
  const row = OPS[value.op] as {
    gradient(g: Value, inputs: readonly Value[], attributes: unknown, output: Value): (Value | undefined)[];
  };
  return row.gradient(g, value.inputs, value.attributes, value);
}

/**
 * The values that depend on one of `targets`. Only those need a gradient, so the frozen backbone's weights get none.
 */
function dependents(order: Value[], targets: readonly Value[]): Set<Value> {
  const reached = new Set<Value>(targets);
  for (const value of order) if (value.kind === "op" && value.inputs.some((v) => reached.has(v))) reached.add(value);
  return reached;
}

/**
 * Reverse-mode gradients of a scalar loss.
 * @param loss a value of shape ()
 * @param targets the values to differentiate by
 * @returns one gradient per target, of its shape; `undefined` where the loss does not depend on it
 */
export function gradients(loss: Value, targets: readonly Value[]): (Value | undefined)[] {
  if (loss.shape.length !== 0) throw new Error(`a loss is a scalar, not (${loss.shape.join(",")})`);
  return pullback(loss, scalar(1), { targets });
}

/**
 * Gradients of a loss by `targets`, given its gradient `g` by a value.
 * @param g of the value's shape
 * @param leaves values that are differentiated no further; absent: none
 * @returns one gradient per target, of its shape; `undefined` where the value does not depend on it
 */
export function pullback(
  value: Value,
  g: Value,
  { targets, leaves }: { targets: readonly Value[]; leaves?: ReadonlySet<Value> },
): (Value | undefined)[] {
  const order = topological([value], leaves);
  const needed = dependents(order, targets);
  const sums = new Map<Value, Value>([[value, g]]);
  for (const each of order.reverse()) {
    const own = sums.get(each);
    if (own === undefined || each.kind !== "op" || !needed.has(each) || leaves?.has(each) === true) continue;
    rowGradient(each, own).forEach((part, i) => {
      const to = each.inputs[i];
      if (part === undefined || to === undefined || !needed.has(to)) return;
      const before = sums.get(to);
      sums.set(to, before === undefined ? part : add(before, part));
    });
  }
  return targets.map((t) => sums.get(t));
}

/** The names of all operations, for tables that must cover every one. */
export const OP_NAMES = Object.keys(OPS) as OpName[];
