import { MersenneTwister } from "../../src/base/random.ts";

/**
 * The random choices of one episode: the same seed and episode number give the same choices, independent of other
 * episodes.
 */
export class Dice {
  private readonly random: MersenneTwister;

  constructor(seed: number, kind: string, episode: number) {
    this.random = new MersenneTwister(
      [...`${kind} ${seed} ${episode}`].reduce((sum, each) => (Math.imul(sum, 31) + each.charCodeAt(0)) >>> 0, 7),
    );
  }

  /** Returns a random integer from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.random.uniform() * count);
  }
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
  chance(share: number): boolean {
    return this.random.uniform() < share;
  }
}
