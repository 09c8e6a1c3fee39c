/** Numbers of one input: the same seed gives the same input, whatever came before it. */
export class Random {
  private state: number;

  constructor(...seeds: readonly number[]) {
    this.state = seeds.reduce((state, seed) => scramble(state ^ seed), 0x9e3779b9);
  }

  /** A whole number from 0 to below `most`. */
  below(most: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    return Math.floor((scramble(this.state) / 2 ** 32) * most);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
  chance(part: number): boolean {
    return this.below(1000) < part * 1000;
  }
}

function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** A number for a name. */
export const seedOf = (name: string): number =>
  Array.from(name).reduce((hash, sign) => Math.imul(hash ^ sign.codePointAt(0)!, 0x01000193) >>> 0, 0x811c9dc5);
