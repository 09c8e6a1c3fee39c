import { HeldTensor } from "../engine/heldTensor.ts";
import type { HostTensor } from "../engine/program.ts";

/** Values of a program's inputs, by name. A program ignores names that it has no input for. */
export type Feeds = Record<string, HostTensor>;

/** Added to the attention scores of masked positions, so that softmax gives exactly 0 in fp32. */
export const MASKED = -1e9;

/** A tensor on the host of row-major data. */
export const tensor = (data: HostTensor["data"], ...dims: number[]): HostTensor => ({ data, dims });

/** Addends to attention scores (length, length) that hide later positions from each position. */
export function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) for (let j = i + 1; j < length; j++) mask[i * length + j] = MASKED;
  return mask;
}

/**
 * Selects rows of a float tensor along its first axis.
 * @param places indices of the rows, in the order of the result
 */
export function rowsAt(tensor: HostTensor, places: readonly number[]): HostTensor {
  if (tensor instanceof HeldTensor) return tensor.at(places);
  const { data, dims } = tensor;
  const size = dims.slice(1).reduce((a, b) => a * b, 1);
  const selected = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    selected.set((data as Float32Array).subarray(place * size, (place + 1) * size), i * size);
  });
  return { data: selected, dims: [places.length, ...dims.slice(1)] };
}

/** Selects the same rows of every tensor, as `rowsAt` does. */
export const allRowsAt = (feeds: Feeds, places: readonly number[]): Feeds =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, rowsAt(value, places)]));
