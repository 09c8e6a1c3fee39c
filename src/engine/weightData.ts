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

/** Widens raw little-endian floats to fp32. */
export function widen(raw: Buffer, type: Exclude<WeightLocation["type"], "int8">): Float32Array {
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
export type TensorLocation = Pick<WeightLocation, "file" | "offset" | "bytes" | "type" | "scales" | "dims">;

/** Reads a tensor as fp32. The values of int8 are exactly those that an engine multiplies by. */
export function readWeight({ file, offset, bytes, type, scales, dims }: TensorLocation): Float32Array {
  const fd = openSync(file, "r");
  try {
    const raw = readBytes(fd, offset, bytes);
    if (type !== "int8") return widen(raw, type);
    return scaled(
      new Int8Array(raw.buffer, raw.byteOffset, bytes),
      widen(readBytes(fd, scales!, dims[0]! * 4), "float32"),
    );
  } finally {
    closeSync(fd);
  }
}

/** The levels of a matrix times the scales of their rows, in fp32. */
function scaled(levels: Int8Array, scales: Float32Array): Float32Array {
  const width = levels.length / scales.length;
  const values = new Float32Array(levels.length);
  for (let row = 0, i = 0; row < scales.length; row++)
    for (const end = i + width; i < end; i++) values[i] = levels[i]! * scales[row]!;
  return values;
}

/** The location of rows `from` (inclusive) to `to` (exclusive) of a matrix. */
export function rowRange(place: TensorLocation, from: number, to: number): TensorLocation {
  const rowBytes = place.bytes / (place.dims[0] ?? 1);
  return {
    ...place,
    offset: place.offset + from * rowBytes,
    bytes: (to - from) * rowBytes,
    dims: [to - from, ...place.dims.slice(1)],
    ...(place.scales !== undefined && { scales: place.scales + from * 4 }),
  };
}
