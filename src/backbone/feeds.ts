import type { HostTensor } from "../engine/program.ts";

/** Values of a program's inputs, by name. A program ignores those that it has no input for. */
export type Feeds = Record<string, HostTensor>;

/** Added to the attention scores of masked positions: softmax gives them exactly 0 in fp32. */
export const MASKED = -1e9;

export const tensor = (data: HostTensor["data"], ...dims: number[]): HostTensor => ({ data, dims });

/** Scores (length, length) that hide from each position those after it. */
export function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) for (let j = i + 1; j < length; j++) mask[i * length + j] = MASKED;
  return mask;
}

/** The rows at these places of a float tensor whose first axis is the rows. */
export function rowsAt({ data, dims }: HostTensor, places: readonly number[]): HostTensor {
  const size = dims.slice(1).reduce((a, b) => a * b, 1);
  const kept = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    kept.set((data as Float32Array).subarray(place * size, (place + 1) * size), i * size);
  });
  return { data: kept, dims: [places.length, ...dims.slice(1)] };
}

/** The same rows of every tensor. */
export const allRowsAt = (feeds: Feeds, places: readonly number[]): Feeds =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, rowsAt(value, places)]));
