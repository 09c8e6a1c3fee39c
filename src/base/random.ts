const N = 624;
const M = 397;

/** The 32-bit Mersenne Twister (Matsumoto and Nishimura 1998), seeded as PyTorch seeds it: init_genrand. */
export class MersenneTwister {
  private readonly words = new Uint32Array(N);
  private index = N;

  /** @param seed used modulo 2^32 */
  constructor(seed: number) {
    this.words[0] = seed % 2 ** 32;
    for (let i = 1; i < N; i++) {
      const before = this.words[i - 1]! ^ (this.words[i - 1]! >>> 30);
      this.words[i] = Math.imul(1812433253, before) + i;
    }
  }

  /** Returns the next 32 random bits. */
  nextUint32(): number {
    if (this.index === N) this.twist();
    let y = this.words[this.index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    for (let i = 0; i < N; i++) {
      const y = (this.words[i]! & 0x80000000) | (this.words[(i + 1) % N]! & 0x7fffffff);
      this.words[i] = this.words[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }

  /** Returns a uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.nextUint32() >>> 5) * 67108864 + (this.nextUint32() >>> 6)) / 9007199254740992;
  }

  /** Returns a standard normal number, by the Box-Muller transform. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/**
 * Returns a random permutation of 0 to n - 1, equal to torch.randperm(n, generator=Generator().manual_seed(seed)) for n
 * below 2^32 / 20.
 */
export function permutation(n: number, seed: number): Int32Array {
  const random = new MersenneTwister(seed);
  const result = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + (random.nextUint32() % (n - i));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
