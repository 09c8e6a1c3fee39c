import { widen } from "../../engine/weightData.ts";
import { bitPlanes, highBits, nibbles, signedBytes } from "./ggufLevels.ts";
import { BLOCKS, type GgufBlockType, type GgufType } from "./ggufTypes.ts";

export { BLOCKS };

/**
 * The values of blocks as levels with scales: value i is levels[i] * scales[g] + offsets[g], g = floor(i / group),
 * product and sum rounded to fp32. Without offsets the levels are signed, and the product is the value.
 */
export interface Unpacked {
  levels: Uint8Array | Int8Array;
  /** Consecutive values that share a scale. */
  group: number;
  scales: Float32Array;
  offsets?: Float32Array;
}
interface Signed extends Unpacked {
  levels: Int8Array;
  offsets?: never;
}
interface WithOffsets extends Unpacked {
  levels: Uint8Array;
  offsets: Float32Array;
}

/** Groups of a block of 256 values in Q4_K and Q5_K, and in Q6_K. */
const GROUPS = 8;
const SMALL_GROUPS = 16;

/** The fp16 at byte `at` of each block of `stride` bytes, as fp32. */
function halves(raw: Uint8Array, stride: number, at: number): Float32Array {
  const bits = new Uint16Array(raw.length / stride);
  for (let block = 0, from = at; block < bits.length; block++, from += stride)
    bits[block] = raw[from]! | (raw[from + 1]! << 8);
  return widen(Buffer.from(bits.buffer), "float16");
}

/** Levels are as signed bytes what they are as unsigned ones modulo 256. */
const signed = (levels: Uint8Array): Int8Array => new Int8Array(levels.buffer, levels.byteOffset, levels.length);

/** Room for the levels of all blocks. */
const levelsOf = (type: GgufBlockType, raw: Uint8Array): Uint8Array =>
  new Uint8Array((raw.length / BLOCKS[type].bytes) * BLOCKS[type].values);

/**
 * Scales and offsets of the groups of Q4_K and Q5_K. A block holds two fp16, d and dmin, then 8 scales and 8 minimums
 * of 6 bits in 12 bytes: of the first four the 6 low bits of bytes 0 to 3 and 4 to 7; of the last four the 4 low bits
 * in the halves of bytes 8 to 11, and the 2 high bits at the top of bytes 0 to 3 and 4 to 7.
 */
function scalesOfGroups(raw: Uint8Array, stride: number): { scales: Float32Array; offsets: Float32Array } {
  const [d, dmin] = [halves(raw, stride, 0), halves(raw, stride, 2)];
  const scales = new Float32Array(d.length * GROUPS);
  const offsets = new Float32Array(d.length * GROUPS);
  for (let block = 0, at = 4, group = 0; block < d.length; block++, at += stride, group += GROUPS) {
    const [scale, minimum] = [d[block]!, dmin[block]!];
    for (let i = 0; i < 4; i++) {
      const [first, second, rest] = [raw[at + i]!, raw[at + 4 + i]!, raw[at + 8 + i]!];
      scales[group + i] = scale * (first & 63);
      offsets[group + i] = -(minimum * (second & 63));
      scales[group + 4 + i] = scale * ((rest & 15) | ((first >> 6) << 4));
      offsets[group + 4 + i] = -(minimum * ((rest >> 4) | ((second >> 6) << 4)));
    }
  }
  return { scales, offsets };
}

/** Scales of the groups of Q6_K: the block's fp16 at byte 208 times one signed byte of the 16 from byte 192 on. */
function signedScales(raw: Uint8Array, stride: number): Float32Array {
  const d = halves(raw, stride, 208);
  const scales = new Float32Array(d.length * SMALL_GROUPS);
  for (let block = 0, at = 192, group = 0; block < d.length; block++, at += stride - SMALL_GROUPS)
    for (const end = group + SMALL_GROUPS; group < end; group++, at++)
      scales[group] = d[block]! * ((raw[at]! << 24) >> 24);
  return scales;
}

const SIGNED = {
  Q8_0: (raw) => {
    const levels = levelsOf("Q8_0", raw);
    signedBytes(levels, raw);
    return { levels: signed(levels), group: 32, scales: halves(raw, 34, 0) };
  },
  Q4_0: (raw) => {
    const levels = levelsOf("Q4_0", raw);
    nibbles(levels, raw, { stride: 18, from: 2, width: 16, chunks: 1, zero: 8 });
    return { levels: signed(levels), group: 32, scales: halves(raw, 18, 0) };
  },
  Q5_0: (raw) => {
    const levels = levelsOf("Q5_0", raw);
    nibbles(levels, raw, { stride: 22, from: 6, width: 16, chunks: 1, zero: 16 });
    highBits(levels, raw, { stride: 22, from: 2 });
    return { levels: signed(levels), group: 32, scales: halves(raw, 22, 0) };
  },
  Q6_K: (raw) => {
    const levels = levelsOf("Q6_K", raw);
    nibbles(levels, raw, { stride: 210, from: 0, width: 64, chunks: 2, zero: 32 });
    bitPlanes(levels, raw, { stride: 210, from: 128, bits: 2, chunks: 2 });
    return { levels: signed(levels), group: 16, scales: signedScales(raw, 210) };
  },
} satisfies Partial<Record<GgufBlockType, (raw: Uint8Array) => Signed>>;

const WITH_OFFSETS = {
  Q4_1: (raw) => {
    const levels = levelsOf("Q4_1", raw);
    nibbles(levels, raw, { stride: 20, from: 4, width: 16, chunks: 1, zero: 0 });
    return { levels, group: 32, scales: halves(raw, 20, 0), offsets: halves(raw, 20, 2) };
  },
  Q5_1: (raw) => {
    const levels = levelsOf("Q5_1", raw);
    nibbles(levels, raw, { stride: 24, from: 8, width: 16, chunks: 1, zero: 0 });
    highBits(levels, raw, { stride: 24, from: 4 });
    return { levels, group: 32, scales: halves(raw, 24, 0), offsets: halves(raw, 24, 2) };
  },
  Q4_K: (raw) => {
    const levels = levelsOf("Q4_K", raw);
    nibbles(levels, raw, { stride: 144, from: 16, width: 32, chunks: 4, zero: 0 });
    return { levels, group: 32, ...scalesOfGroups(raw, 144) };
  },
  Q5_K: (raw) => {
    const levels = levelsOf("Q5_K", raw);
    nibbles(levels, raw, { stride: 176, from: 48, width: 32, chunks: 4, zero: 0 });
    bitPlanes(levels, raw, { stride: 176, from: 16, bits: 1, chunks: 1 });
    return { levels, group: 32, ...scalesOfGroups(raw, 176) };
  },
} satisfies Record<Exclude<GgufBlockType, keyof typeof SIGNED>, (raw: Uint8Array) => WithOffsets>;

const isSigned = (type: GgufBlockType): type is keyof typeof SIGNED => Object.hasOwn(SIGNED, type);

/** The levels and scales of whole blocks. @param raw the blocks, as they are stored */
export const unpacked = (type: GgufBlockType, raw: Uint8Array): Unpacked =>
  isSigned(type) ? SIGNED[type](raw) : WITH_OFFSETS[type](raw);

/** Levels times scales. */
function products({ levels, group, scales }: Signed): Float32Array {
  const values = new Float32Array(levels.length);
  for (let of = 0, i = 0; of < scales.length; of++) {
    const scale = scales[of]!;
    for (const end = i + group; i < end; i++) values[i] = levels[i]! * scale;
  }
  return values;
}

/** Levels times scales, plus offsets. The products have at most 22 bits: the sum alone is rounded. */
function sums({ levels, group, scales, offsets }: WithOffsets): Float32Array {
  const values = new Float32Array(levels.length);
  for (let of = 0, i = 0; of < scales.length; of++) {
    const [scale, offset] = [scales[of]!, offsets[of]!];
    for (const end = i + group; i < end; i++) values[i] = levels[i]! * scale + offset;
  }
  return values;
}

const FLOATS = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/**
 * The values of a tensor, or of whole rows or blocks of it, as fp32; those of F32 may be a view of `raw`.
 * @param raw the values as they are stored
 * @param count the number of values
 * @throws RangeError where `raw` is of another length
 */
export function dequantised(type: GgufType, raw: Uint8Array, count: number): Float32Array {
  const { values, bytes } = BLOCKS[type];
  if (count % values !== 0 || raw.length !== (count / values) * bytes)
    throw new RangeError(`${raw.length} bytes are not ${count} values of type ${type}`);
  if (type === "F32" || type === "F16" || type === "BF16")
    return widen(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), FLOATS[type]);
  return isSigned(type) ? products(SIGNED[type](raw)) : sums(WITH_OFFSETS[type](raw));
}
