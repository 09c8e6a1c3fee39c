import type { MersenneTwister } from "../base/random.ts";

const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

export const zeros = (sizes: readonly number[]): Float32Array => new Float32Array(count(sizes));
export const ones = (sizes: readonly number[]): Float32Array => new Float32Array(count(sizes)).fill(1);

/** Draws uniformly on (-1/sqrt(fanIn), 1/sqrt(fanIn)): torch's kaiming_uniform_(a = sqrt 5). */
export function kaiming(sizes: readonly number[], fanIn: number, random: MersenneTwister): Float32Array {
  const bound = 1 / Math.sqrt(fanIn);
  return zeros(sizes).map(() => (2 * random.uniform() - 1) * bound);
}
