import { brotliDecompressSync } from "node:zlib";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** Node's own Brotli takes a sixtieth of the library's time for a small page. */
const all: Compressors = {
  ...compressors,
  BROTLI: (packed, length) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, length) }),
};

/**
 * What unpacks the pages of Parquet, by codec. An empty page is not unpacked: a dictionary is one where all values are
 * null, and the library takes the only byte of its LZ4 for damage.
 */
export const unpackers: Compressors = Object.fromEntries(
  Object.entries(all).map(([codec, unpack]) => [
    codec,
    (packed: Uint8Array, length: number) => (length === 0 ? new Uint8Array(0) : unpack(packed, length)),
  ]),
);
