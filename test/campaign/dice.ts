import { MersenneTwister } from "../../src/base/random.ts";

/** Chances of one episode: the same seed and number give the same ones, whatever other episodes do. */
export class Dice {
  private readonly random: MersenneTwister;

  constructor(seed: number, kind: string, episode: number) {
    this.random = new MersenneTwister(
      [...`${kind} ${seed} ${episode}`].reduce((sum, each) => (Math.imul(sum, 31) + each.charCodeAt(0)) >>> 0, 7),
    );
  }

  /** A whole number from 0 to below `count`. */
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
