import { topological, type Value } from "../../graph/value.ts";

/** The length of the longest path from a leaf to each value. `order` lists values after their inputs. */
function depths(order: readonly Value[]): ReadonlyMap<Value, number> {
  const found = new Map<Value, number>();
  for (const value of order) {
    const inputs = value.kind === "op" ? value.inputs : [];
    found.set(
      value,
      inputs.reduce((most, input) => Math.max(most, found.get(input)! + 1), 0),
    );
  }
  return found;
}

/**
 * The values that the outputs depend on, in an order that keeps little: what takes the longest way is computed first,
 * so that what is computed again waits for the gradient that it is multiplied by. The first output is the loss;
 * gradients follow from the last to the first, as the backward pass comes by them.
 */
export function scheduled(outputs: Readonly<Record<string, Value>>): Value[] {
  const [first, ...others] = Object.values(outputs);
  const roots = [...(first === undefined ? [] : [first]), ...others.reverse()];
  const depth = depths(topological(roots));
  const order: Value[] = [];
  const visited = new Set<Value>();
  const inputsOf = (value: Value): Value[] =>
    value.kind === "op" ? [...value.inputs].sort((a, b) => depth.get(b)! - depth.get(a)!) : [];
  for (const root of roots) {
    const stack = [{ value: root, inputs: inputsOf(root) }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const child = top.inputs.shift();
      if (child !== undefined) {
        if (!visited.has(child)) stack.push({ value: child, inputs: inputsOf(child) });
        continue;
      }
      stack.pop();
      if (visited.has(top.value)) continue;
      visited.add(top.value);
      order.push(top.value);
    }
  }
  return order;
}
