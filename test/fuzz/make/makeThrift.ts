import type { Random } from "../random.ts";

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let left = value >>> 0;
  for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
  return [...bytes, left];
};
const zigzag = (value: number): number[] => varint((value << 1) ^ (value >> 31));
const NUMBERS = [0, 1, 2, 3, 7, 100, 4096, 65536, 2 ** 31 - 1, -1, -(2 ** 31)];

function content(type: number, random: Random, depth: number): number[] {
  switch (type) {
    case 3:
      return [random.below(256)];
    case 4:
    case 5:
      return zigzag(random.one(NUMBERS));
    case 6:
      return Array.from({ length: random.below(10) }, () => 128 + random.below(128)).concat(random.below(128));
    case 7:
      return Array.from({ length: 8 }, () => random.below(256));
    case 8: {
      const length = random.one([0, 1, 5, 40]);
      return [...varint(random.chance(0.05) ? random.one(NUMBERS) : length), ...Array.from({ length }, () => 97)];
    }
    case 9:
    case 10: {
      const inner = random.one([1, 3, 5, 6, 8, 9, 12]);
      const count = random.below(depth > 0 ? 6 : 1);
      const isLong = random.chance(0.2);
      const told = random.chance(0.05) ? random.one(NUMBERS) : count;
      const head = isLong ? [0xf0 | inner, ...varint(told)] : [(count << 4) | inner];
      return [
        ...head,
        ...Array.from({ length: count }, () => content(inner === 1 ? 3 : inner, random, depth - 1)).flat(),
      ];
    }
    case 12:
      return depth > 0 ? structOf(random, depth - 1) : [0];
    default:
      return [];
  }
}

function structOf(random: Random, depth: number): number[] {
  const bytes: number[] = [];
  for (let left = random.below(8); left > 0; left--) {
    const type = random.one([1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10, 11, 12, 12, 13]);
    const isNear = random.chance(0.9);
    bytes.push(...(isNear ? [((1 + random.below(3)) << 4) | type] : [type, ...zigzag(random.one(NUMBERS))]));
    bytes.push(...content(type, random, depth));
  }
  return [...bytes, ...(random.chance(0.97) ? [0] : [])];
}

/** A struct of Thrift's compact protocol; its sizes sometimes lie. */
export const makeThrift = (random: Random): Buffer => Buffer.from(structOf(random, random.one([1, 3, 12])));
