import { mixSeed } from "../../base/mixSeed.ts";
import { MersenneTwister } from "../../base/random.ts";

/**
 * Makes the dropout factors of a method's hidden units, each 0 or 1 / (1 - rate): a pure function of
 * (seed, step, accumulationStep), so that a resumed run draws the same ones.
 * @param size number of factors: rows x source length x bottleneck
 */
export function dropoutMask(
  size: number,
  rate: number,
  at: { seed: number; step: number; accumulationStep: number },
): Float32Array {
  const random = new MersenneTwister(mixSeed(at.seed, 3, at.step, at.accumulationStep));
  const threshold = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = random.nextUint32() < threshold ? 0 : kept;
  return mask;
}
