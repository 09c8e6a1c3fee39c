import { crc32 } from "node:zlib";

/** Bytes of a block of the log; no header crosses its end. */
const BLOCK = 32 * 1024;
/** CRC (32 bits), length (16 bits), kind (8 bits). */
const HEADER = 7;
const WHOLE = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

function kindOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? WHOLE : FIRST;
  return isLast ? LAST : MIDDLE;
}

/**
 * Records in the framing of LevelDB's log, as W&B writes it: the CRC is zlib's of kind and data, without a mask.
 * @param start what stands before the first record, such as the header of the file; the first block counts it
 */
export function levelLog(start: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [start];
  let at = start.length;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const record of records) {
    let from = 0;
    do {
      const left = BLOCK - (at % BLOCK);
      if (left < HEADER) add(new Uint8Array(left));
      const room = BLOCK - (at % BLOCK) - HEADER;
      const data = record.subarray(from, from + room);
      const kind = kindOf(from === 0, from + data.length === record.length);
      const part = Buffer.alloc(HEADER + data.length);
      part.writeUInt16LE(data.length, 4);
      part.writeUInt8(kind, 6);
      part.set(data, HEADER);
      part.writeUInt32LE(crc32(part.subarray(6)), 0);
      add(part);
      from += data.length;
    } while (from < record.length);
  }
  return Buffer.concat(parts);
}
