import { closeSync, openSync, readSync } from "node:fs";
import type { WeightLocation } from "./program.ts";

/**
 * Reads exactly `length` bytes of an open file.
 * @throws RangeError where the file ends before
 */
export function readBytes(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const n = readSync(fd, buffer, done, length - done, offset + done);
    if (n === 0) throw new RangeError("end of file");
    done += n;
  }
  return buffer;
}

const MANTISSA = 1024;

/** The value of an fp16, given its bits. */
function halfToFloat(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & (MANTISSA - 1);
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / MANTISSA) * 2 ** (exponent - 15);
}

/** The value of every fp16 by its bits; made at the first use. */
let halves: Float32Array | undefined;

/** The types of stored floats. */
export type FloatType = "float32" | "float16" | "bfloat16";

/** Widens raw little-endian floats to fp32. */
export function widen(raw: Buffer, type: FloatType): Float32Array {
  // A typed array must start at a multiple of its element size.
  const bytes =
    raw.byteOffset % 4 === 0 ? raw : Buffer.from(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
  if (type === "float32") return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const narrow = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  if (type === "bfloat16") {
    const wide = new Uint32Array(narrow.length);
    for (let i = 0; i < narrow.length; i++) wide[i] = narrow[i]! << 16;
    return new Float32Array(wide.buffer);
  }
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToFloat(bits));
  const wide = new Float32Array(narrow.length);
  for (let i = 0; i < narrow.length; i++) wide[i] = halves[narrow[i]!]!;
  return wide;
}

/** Where a tensor's values are stored; see WeightLocation. */
export type TensorLocation = Pick<
  WeightLocation,
  "file" | "offset" | "bytes" | "type" | "scales" | "group" | "offsets" | "dims"
>;

/** Scales, or offsets, of a row. */
export const groupsOf = ({ dims: [, width = 1], group = width }: Pick<WeightLocation, "dims" | "group">): number =>
  width / group;

/** Reads a tensor as fp32. The values of integers are exactly those that an engine multiplies by. */
export function readWeight(place: TensorLocation): Float32Array {
  const { file, offset, bytes, type, scales, offsets, dims } = place;
  const fd = openSync(file, "r");
  try {
    const raw = readBytes(fd, offset, bytes);
    if (type === "float32" || type === "float16" || type === "bfloat16") return widen(raw, type);
    const perGroup = (at: number): Float32Array => widen(readBytes(fd, at, dims[0]! * groupsOf(place) * 4), "float32");
    return scaled(levelsOf(raw, type), perGroup(scales!), offsets === undefined ? undefined : perGroup(offsets));
  } finally {
    closeSync(fd);
  }
}

/** Integer levels, one a byte. */
function levelsOf(raw: Buffer, type: "int8" | "int4" | "uint4"): Int8Array {
  if (type === "int8") return new Int8Array(raw.buffer, raw.byteOffset, raw.length);
  const levels = new Int8Array(raw.length * 2);
  // A sign in bit 3 is moved to where a byte has it.
  const shift = type === "int4" ? 28 : 0;
  for (let i = 0; i < raw.length; i++) {
    levels[2 * i] = ((raw[i]! & 15) << shift) >> shift;
    levels[2 * i + 1] = ((raw[i]! >> 4) << shift) >> shift;
  }
  return levels;
}

/** Levels times the scales of their groups, plus their offsets, in fp32. */
function scaled(levels: Int8Array, scales: Float32Array, offsets: Float32Array | undefined): Float32Array {
  const width = levels.length / scales.length;
  const values = new Float32Array(levels.length);
  for (let group = 0, i = 0; group < scales.length; group++) {
    const scale = scales[group]!;
    const offset = offsets?.[group];
    // The product is rounded to fp32 before the sum, as an engine does it.
    for (const end = i + width; i < end; i++)
      values[i] = offset === undefined ? levels[i]! * scale : Math.fround(levels[i]! * scale) + offset;
  }
  return values;
}

/** The location of rows `from` (inclusive) to `to` (exclusive) of a matrix. */
export function rowRange(place: TensorLocation, from: number, to: number): TensorLocation {
  const rowBytes = place.bytes / (place.dims[0] ?? 1);
  const before = from * groupsOf(place) * 4;
  return {
    ...place,
    offset: place.offset + from * rowBytes,
    bytes: (to - from) * rowBytes,
    dims: [to - from, ...place.dims.slice(1)],
    ...(place.scales !== undefined && { scales: place.scales + before }),
    ...(place.offsets !== undefined && { offsets: place.offsets + before }),
  };
}
