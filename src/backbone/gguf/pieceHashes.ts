/** Bits of a hash that are kept: a table of two megabytes, of which a large vocabulary sets one bit in sixty. */
const BITS = 24;
const BASE = 0x01000193;

const spread = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> (32 - BITS);

/**
 * Hashes of the tokens of a vocabulary, which tell of all ways to cut a text in two, in time that grows with its
 * length, where neither part can be a token.
 */
export class PieceHashes {
  private readonly bits = new Uint8Array(2 ** (BITS - 3));
  private readonly powers: Int32Array;
  private readonly starts: Int32Array;

  /** @param longest the longest text that is cut, in UTF-16 units */
  constructor(tokens: Iterable<string>, longest: number) {
    this.powers = new Int32Array(longest + 1).fill(1);
    for (let i = 1; i <= longest; i++) this.powers[i] = Math.imul(this.powers[i - 1]!, BASE);
    this.starts = new Int32Array(longest + 1);
    for (const token of tokens) {
      if (token.length > longest) continue;
      let hash = 0;
      for (let i = 0; i < token.length; i++) hash = (Math.imul(hash, BASE) + token.charCodeAt(i)) | 0;
      const bit = spread(hash);
      this.bits[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  private has(hash: number): boolean {
    const bit = spread(hash);
    return (this.bits[bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** The places at which both parts of a text may be tokens, all that are among them. */
  cuts(text: string): number[] {
    const { starts, powers } = this;
    for (let i = 0; i < text.length; i++) starts[i + 1] = Math.imul(starts[i]!, BASE) + text.charCodeAt(i);
    const whole = starts[text.length]!;
    const found: number[] = [];
    for (let at = 1; at < text.length; at++)
      if (this.has(starts[at]!) && this.has((whole - Math.imul(starts[at]!, powers[text.length - at]!)) | 0))
        found.push(at);
    return found;
  }
}
