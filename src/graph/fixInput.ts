import { topological, type ConstantValue, type Value } from "./value.ts";

/** Returns the same outputs with the input of that name, if there is one, replaced by a constant. */
export function fixInput(
  outputs: Readonly<Record<string, Value>>,
  name: string,
  constant: ConstantValue,
): Record<string, Value> {
  const changed = new Map<Value, Value>();
  for (const value of topological(Object.values(outputs))) {
    if (value.kind === "input" && value.name === name) changed.set(value, constant);
    else if (value.kind === "op" && value.inputs.some((input) => changed.has(input)))
      changed.set(value, { ...value, inputs: value.inputs.map((input) => changed.get(input) ?? input) });
  }
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, changed.get(value) ?? value]));
}
