/**
 * Adds gradients to a sum in place, tensor by tensor, in fp32. The sum owns its arrays: the first gradient of a tensor
 * is copied.
 * @param rename maps a tensor's name in `more` to its name in the sum
 */
export function addGradients(
  sum: Map<string, Float32Array>,
  more: ReadonlyMap<string, Float32Array>,
  rename: (name: string) => string = (name) => name,
): void {
  for (const [name, values] of more) {
    const total = sum.get(rename(name));
    if (total === undefined) sum.set(rename(name), Float32Array.from(values));
    else for (let i = 0; i < total.length; i++) total[i] = total[i]! + values[i]!;
  }
}
