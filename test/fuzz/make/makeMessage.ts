import type { Random } from "../random.ts";

const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return [...bytes, Number(left)];
};
const FIELDS = [1, 2, 3, 3, 4, 10, 15, 40, 41, 536870911];
const NUMBERS = [0n, 1n, 2n, 3n, 6n, 127n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const TEXTS = ["", "a", "▁a", "<unk>", "</s>", "<pad>", "<extra_id_0>", "é", "\xff\xfe", "x".repeat(300)];
const GROUPS = [Buffer.alloc(2000, 0x0b), Buffer.alloc(60_000, 0x0b), Buffer.from([0x0b, 0x0c])];

const field = (number: number, wire: number): number[] => varint((BigInt(number) << 3n) | BigInt(wire));
const bytesField = (number: number, content: Uint8Array, random: Random): Buffer => {
  const told = random.chance(0.03) ? random.one(NUMBERS) : BigInt(content.length);
  return Buffer.concat([Buffer.from([...field(number, 2), ...varint(told)]), content]);
};

function anyField(random: Random): Buffer {
  switch (random.below(5)) {
    case 0:
      return Buffer.from([...field(random.one(FIELDS), 0), ...varint(random.one(NUMBERS))]);
    case 1:
      return Buffer.from([...field(random.one(FIELDS), 5), random.below(256), 0, random.below(256), random.below(256)]);
    case 2:
      return Buffer.from([...field(random.one(FIELDS), 1), ...new Array<number>(8).fill(random.below(256))]);
    case 3:
      return bytesField(random.one(FIELDS), Buffer.from(random.one(TEXTS)), random);
    default:
      return random.chance(0.1) ? random.one(GROUPS) : Buffer.from(field(random.one(FIELDS), random.below(8)));
  }
}

function piece(random: Random): Buffer {
  const score = Buffer.alloc(4);
  score.writeFloatLE(random.one([0, -1, -2.5, -10, NaN, Infinity, -3e38]));
  const parts = [
    bytesField(1, Buffer.from(random.one(TEXTS)), random),
    Buffer.from([...field(2, 5), ...score]),
    ...(random.chance(0.3) ? [Buffer.from([...field(3, 0), random.one([1, 2, 3, 4, 5, 6, 9])])] : []),
    ...(random.chance(0.05) ? [anyField(random)] : []),
  ];
  return bytesField(1, Buffer.concat(parts), random);
}

/** A SentencePiece model as its protocol buffer, with fields that are of no use or lie about their length. */
export function makeMessage(random: Random): Buffer {
  const unknown = bytesField(1, Buffer.from([...field(1, 2), 5, ...Buffer.from("<unk>"), ...field(3, 0), 2]), random);
  const trainer = bytesField(2, Buffer.from([...field(3, 0), 1, ...field(40, 0), random.below(4)]), random);
  const parts = Array.from({ length: random.below(20) }, () => piece(random));
  const noise = Array.from({ length: random.chance(0.3) ? random.below(5) : 0 }, () => anyField(random));
  return Buffer.concat([
    ...(random.chance(0.9) ? [unknown] : []),
    ...parts,
    ...(random.chance(0.8) ? [trainer] : []),
    ...noise,
  ]);
}
