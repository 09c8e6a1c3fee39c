/** The reversed polynomial of CRC-32C (Castagnoli). */
const CASTAGNOLI = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
  return crc;
});

/** CRC-32C of bytes, as an unsigned number of 32 bits. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** TensorFlow's masked CRC: rotated right by 15 bits, and moved, so that a CRC of data with CRCs is none of itself. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record of a TFRecord file: the length (64 bits), its masked CRC, the data, their masked CRC; little-endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), data.length + 12);
  return record;
}

/** Bytes of a record beside its data: before and behind them. */
const HEAD = 12;
const TAIL = 4;

/** The data of a file's records, up to the first that is incomplete or damaged; `size`: bytes up to there. */
export function readTfRecords(file: Buffer): { records: { bytes: Buffer; data: Buffer }[]; size: number } {
  const records: { bytes: Buffer; data: Buffer }[] = [];
  let at = 0;
  while (at + HEAD + TAIL <= file.length) {
    const length = Number(file.readBigUInt64LE(at));
    const end = at + HEAD + length + TAIL;
    if (end > file.length || file.readUInt32LE(at + 8) !== maskedCrc(file.subarray(at, at + 8))) break;
    const data = file.subarray(at + HEAD, at + HEAD + length);
    if (file.readUInt32LE(end - TAIL) !== maskedCrc(data)) break;
    records.push({ bytes: file.subarray(at, end), data });
    at = end;
  }
  return { records, size: at };
}
