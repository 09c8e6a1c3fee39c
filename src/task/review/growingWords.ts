/** A list of 32-bit numbers without an object for each. */
export class GrowingWords {
  private kept: Uint32Array<ArrayBuffer>;
  private used: number;

  constructor(words: Uint32Array<ArrayBuffer> = new Uint32Array(0)) {
    this.kept = words;
    this.used = words.length;
  }

  get length(): number {
    return this.used;
  }

  at(index: number): number {
    return this.kept[index]!;
  }

  push(word: number): void {
    this.reserve(this.used + 1);
    this.kept[this.used++] = word;
  }

  append(words: Uint32Array): void {
    this.reserve(this.used + words.length);
    this.kept.set(words, this.used);
    this.used += words.length;
  }

  /** A copy of the words. */
  words(): Uint32Array<ArrayBuffer> {
    return this.kept.slice(0, this.used);
  }

  private reserve(length: number): void {
    if (length <= this.kept.length) return;
    const wider = new Uint32Array(Math.max(1024, length, this.kept.length * 2));
    wider.set(this.kept.subarray(0, this.used));
    this.kept = wider;
  }
}
