const MASK32 = 0xffffffffn;
const MASK64 = (1n << 64n) - 1n;
const MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n;

/** The hash of numpy's SeedSequence; its constant is multiplied at every use. */
function hasher(constant: number, multiplier: number): (value: number) => number {
  let state = constant;
  return (value) => {
    const mixed = value ^ state;
    state = Math.imul(state, multiplier);
    const product = Math.imul(mixed, state);
    return (product ^ (product >>> 16)) >>> 0;
  };
}

function mix(x: number, y: number): number {
  const result = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
  return (result ^ (result >>> 16)) >>> 0;
}

/** numpy.random.SeedSequence(seed).generate_state(4, uint64), for an integer seed from 0 to 2^53 - 1. */
function seedState(seed: number): bigint[] {
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const high = Math.floor(seed / 2 ** 32);
  const pool = [seed % 2 ** 32, high, 0, 0].map((word) => hash(word));
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
  const output = hasher(0x8b51f9dd, 0x58f38ded);
  const words = Array.from({ length: 8 }, (_, i) => BigInt(output(pool[i % 4]!)));
  return [0, 2, 4, 6].map((i) => words[i]! | (words[i + 1]! << 32n));
}

/**
 * PCG64 (XSL-RR, O'Neill 2014), seeded like numpy.random.default_rng. A 32-bit draw takes the low half of 64 bits, the
 * next one the high half.
 */
class Pcg64 {
  private state = 0n;
  private readonly increment: bigint;
  private buffered: number | undefined;

  constructor(seed: number) {
    const [high, low, streamHigh, streamLow] = seedState(seed) as [bigint, bigint, bigint, bigint];
    this.increment = ((((streamHigh << 64n) | streamLow) << 1n) | 1n) & MASK128;
    this.step();
    this.state = (this.state + ((high << 64n) | low)) & MASK128;
    this.step();
  }

  private step(): void {
    this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
  }

  nextUint32(): number {
    if (this.buffered !== undefined) {
      const kept = this.buffered;
      this.buffered = undefined;
      return kept;
    }
    this.step();
    const folded = (this.state >> 64n) ^ (this.state & MASK64);
    const turn = this.state >> 122n;
    const value = ((folded >> turn) | (folded << (64n - turn))) & MASK64;
    this.buffered = Number(value >> 32n);
    return Number(value & MASK32);
  }

  /**
   * A uniform integer in 0..max, by masking and rejection.
   * @param max below 2^32
   */
  interval(max: number): number {
    if (max === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(max)) - 1;
    for (;;) {
      const value = (this.nextUint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }
}

/**
 * numpy.random.default_rng(seed).permutation(n), which Dataset.shuffle(seed) of Hugging Face's datasets uses; n is
 * below 2^32.
 */
export function numpyPermutation(n: number, seed: number): Int32Array {
  const random = new Pcg64(seed);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.interval(i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
