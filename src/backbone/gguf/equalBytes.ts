import { closeSync, openSync } from "node:fs";
import { readBytes } from "../../engine/weightData.ts";
import type { GgufTensor } from "./ggufFile.ts";

/** Bytes that are read of each tensor at a time. */
const CHUNK = 1024 * 1024;

/** Whether two tensors are stored as the same bytes, which are read up to the first difference. */
export function hasEqualBytes(one: GgufTensor, other: GgufTensor): boolean {
  if (one.type !== other.type || one.dims.join() !== other.dims.join()) return false;
  const files = [openSync(one.file, "r"), openSync(other.file, "r")] as const;
  try {
    for (let at = 0; at < one.bytes; at += CHUNK) {
      const length = Math.min(CHUNK, one.bytes - at);
      if (!readBytes(files[0], one.offset + at, length).equals(readBytes(files[1], other.offset + at, length)))
        return false;
    }
    return true;
  } finally {
    files.forEach(closeSync);
  }
}
