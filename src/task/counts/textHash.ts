/** A hash of 64 bits, as two lanes of 32. */
export interface TextHash {
  low: number;
  high: number;
}

const turn = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** The last mixing of MurmurHash3: every bit of the result depends on every bit of the value. */
function finished(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Hashes UTF-16 units by the steps of MurmurHash3 (Appleby 2011), in two lanes of which the second takes in the first.
 * Of ten million different texts two are equal by chance once in 370,000 times.
 */
export class TextHasher {
  private low = 0x2f0b4c47;
  private high = 0x6a09e667;
  private count = 0;

  /** The number of units. */
  get length(): number {
    return this.count;
  }

  push(unit: number): void {
    const mixed = Math.imul(turn(Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593);
    this.low = (Math.imul(turn(this.low ^ mixed, 13), 5) + 0xe6546b64) | 0;
    const other = Math.imul(turn(Math.imul(unit, 0x38b34ae5), 16), 0xa1e38b93);
    this.high = (Math.imul(turn(this.high ^ other, 17), 5) + this.low) | 0;
    this.count++;
  }

  hash(): TextHash {
    const one = finished(this.low ^ this.count);
    const other = finished((this.high + one) | 0);
    return { low: (one + other) >>> 0, high: other };
  }
}

/** The hash of a text. */
export function textHash(text: string): TextHash {
  const hasher = new TextHasher();
  for (let i = 0; i < text.length; i++) hasher.push(text.charCodeAt(i));
  return hasher.hash();
}

/** 53 bits of a hash as one number: the key of a map of at most some thousand values. */
export const hashKey = ({ low, high }: TextHash): number => (high & 0x1fffff) * 2 ** 32 + low;
