import { lengthAndText, scalar } from "../../unit/backbone/ggufBytes.ts";
import type { Random } from "../random.ts";

const LIES = [0, 1, 2, 3, 7, 8, 31, 33, 255, 4096, 65_536, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53];
const LONG_LIES = [2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 32n];
const KEYS = [
  "general.architecture",
  "general.alignment",
  "split.no",
  "split.count",
  "split.tensors.count",
  "tokenizer.ggml.tokens",
  "__proto__",
  "constructor",
  "",
];
/** Bytes of numbers by the number of their type; 8 is a string, 9 an array. */
const WIDTHS: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const VALUE_TYPES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
/** Values and bytes of a block by the number of the tensor's type, with one that is not read. */
const TENSOR_TYPES: readonly (readonly [type: number, values: number, bytes: number])[] = [
  [0, 1, 4],
  [1, 1, 2],
  [30, 1, 2],
  [2, 32, 18],
  [3, 32, 20],
  [6, 32, 22],
  [7, 32, 24],
  [8, 32, 34],
  [12, 256, 144],
  [13, 256, 176],
  [14, 256, 210],
];

/** Writes one file, in which some numbers are not what they should be. */
class Writer {
  private readonly parts: Buffer[] = [];
  private alignment = 32;
  private dataBytes = 0;

  constructor(
    private readonly random: Random,
    private readonly lies: number,
  ) {}

  private u32(value: number): void {
    this.parts.push(scalar("u32", this.random.chance(this.lies) ? this.random.one(LIES) : value));
  }

  private u64(value: number): void {
    const lie = this.random.chance(0.3) ? this.random.one(LONG_LIES) : this.random.one(LIES);
    this.parts.push(scalar("u64", this.random.chance(this.lies) ? lie : value));
  }

  private text(text: string): void {
    if (this.random.chance(this.lies)) {
      this.u64(this.random.one(LIES));
      this.parts.push(Buffer.from(text));
    } else this.parts.push(lengthAndText(text));
  }

  private word(): string {
    return this.random.one(["a", "", "Ġb", "é", "\ufffd", "x".repeat(this.random.below(70))]);
  }

  private content(type: number): void {
    if (type === 8) this.text(this.word());
    else {
      const width = WIDTHS[type] ?? 4;
      const isSmall = this.random.chance(0.8);
      const bytes = Buffer.from(Array.from({ length: width }, () => (isSmall ? 0 : this.random.below(256))));
      if (isSmall) bytes[0] = this.random.below(2);
      this.parts.push(bytes);
    }
  }

  private value(depth: number): void {
    const type = this.random.one(VALUE_TYPES);
    this.u32(type);
    if (type !== 9) {
      this.content(type);
      return;
    }
    this.list(depth);
  }

  private list(depth: number): void {
    const isNested = depth > 0 && this.random.chance(0.03);
    const type = isNested ? 9 : this.random.one(VALUE_TYPES.filter((each) => each !== 9));
    const count = this.random.below(5);
    this.u32(type);
    this.u64(count);
    for (let i = 0; i < count; i++)
      if (isNested) this.list(depth - 1);
      else this.content(type);
  }

  private entry(i: number): void {
    const isKnown = this.random.chance(0.3);
    const key = isKnown ? this.random.one(KEYS) : `key.${this.random.chance(0.02) ? 0 : i}`;
    this.text(key);
    if (key === "general.alignment" && this.random.chance(0.9)) {
      this.alignment = this.random.one([1, 8, 32, 64, 256]);
      this.u32(4);
      this.u32(this.alignment);
    } else this.value(2);
  }

  private tensor(i: number): void {
    const [type, values, bytes] = this.random.one(TENSOR_TYPES);
    const count = this.random.chance(0.9) ? 1 + this.random.below(4) : this.random.below(6);
    const dims = Array.from({ length: count }, (_, at) => (1 + this.random.below(4)) * (at === 0 ? values : 1));
    this.text(this.random.chance(0.02) ? "t" : `t${i}`);
    this.u32(count);
    for (const size of dims) this.u64(size);
    this.u32(this.random.chance(this.lies) ? this.random.below(45) : type);
    this.u64(this.dataBytes);
    const own = (dims.reduce((a, b) => a * b, 1) / values) * bytes;
    this.dataBytes += Math.ceil(own / this.alignment) * this.alignment;
  }

  made(): Buffer {
    const [keys, tensors] = [this.random.below(6), this.random.below(5)];
    this.parts.push(Buffer.from("GGUF"));
    this.u32(this.random.one([2, 3, 3]));
    this.u64(tensors);
    this.u64(keys);
    for (let i = 0; i < keys; i++) this.entry(i);
    for (let i = 0; i < tensors; i++) this.tensor(i);
    const head = Buffer.concat(this.parts);
    const padding = -head.length & (this.alignment - 1);
    const data = Buffer.from(Array.from({ length: Math.min(this.dataBytes, 60_000) }, () => this.random.below(256)));
    return Buffer.concat([head, Buffer.alloc(padding), data]);
  }
}

/** A GGUF file; in half of them some counts, lengths, types and offsets lie. */
export const makeGguf = (random: Random): Buffer => new Writer(random, random.one([0, 0.01, 0.05])).made();
