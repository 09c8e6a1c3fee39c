import { closeSync, openSync, readSync } from "node:fs";
import type { WeightLocation } from "./program.ts";

/** Exactly `length` bytes of an open file. @throws RangeError where it ends before */
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

function halfToFloat(h: number): number {
  const sign = h & 0x8000 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Raw little-endian values as fp32. */
export function widen(raw: Buffer, type: WeightLocation["type"]): Float32Array {
  const bytes = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
  if (type === "float32") return new Float32Array(bytes);
  const halves = new Uint16Array(bytes);
  if (type === "float16") return Float32Array.from(halves, halfToFloat);
  const wide = new Uint32Array(halves.length);
  halves.forEach((h, i) => { wide[i] = h << 16; });
  return new Float32Array(wide.buffer);
}

/** The values at a location, as fp32. */
export function readWeight({ file, offset, bytes, type }: Pick<WeightLocation, "file" | "offset" | "bytes" | "type">): Float32Array {
  const fd = openSync(file, "r");
  try { return widen(readBytes(fd, offset, bytes), type); } finally { closeSync(fd); }
}
