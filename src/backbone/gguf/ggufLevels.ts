/** Where the bits of levels lie in each block. */
interface Place {
  /** Bytes of a block. */
  stride: number;
  /** The first byte with these bits. */
  from: number;
}

/**
 * Sets levels from halves of bytes. Each chunk of `width` bytes gives `width` levels in the low halves, then as many
 * in the high halves. Levels are modulo 256.
 * @param place.zero what is taken from each
 */
export function nibbles(
  levels: Uint8Array,
  raw: Uint8Array,
  { stride, from, width, chunks, zero }: Place & { width: number; chunks: number; zero: number },
): void {
  for (let block = from, to = 0; block < raw.length; block += stride)
    for (let at = block, end = block + width * chunks; at < end; to += width)
      for (const next = at + width; at < next; at++, to++) {
        const byte = raw[at]!;
        levels[to] = (byte & 15) - zero;
        levels[to + width] = (byte >> 4) - zero;
      }
}

/** Adds 16 to those of a block's 32 levels whose bit of 32 is set. */
export function highBits(levels: Uint8Array, raw: Uint8Array, { stride, from }: Place): void {
  for (let at = from, to = 0; at < raw.length; at += stride) {
    let bits = raw[at]! | (raw[at + 1]! << 8) | (raw[at + 2]! << 16) | (raw[at + 3]! << 24);
    for (const end = to + 32; to < end; to++, bits >>>= 1) levels[to]! += (bits & 1) << 4;
  }
}

/**
 * Adds 16 times the upper bits of levels. Each chunk of 32 bytes has those of 32 levels in its lowest `bits` bits,
 * those of the next 32 in the bits above, and so on.
 */
export function bitPlanes(
  levels: Uint8Array,
  raw: Uint8Array,
  { stride, from, bits, chunks }: Place & { bits: number; chunks: number },
): void {
  const mask = (1 << bits) - 1;
  for (let block = from, to = 0; block < raw.length; block += stride)
    for (let at = block; at < block + 32 * chunks; at += 32)
      for (let shift = 0; shift < 8; shift += bits)
        for (let i = 0; i < 32; i++, to++) levels[to]! += ((raw[at + i]! >> shift) & mask) << 4;
}

/** Sets levels from the 32 bytes behind the first two of each block of 34. */
export function signedBytes(levels: Uint8Array, raw: Uint8Array): void {
  for (let at = 2, to = 0; at < raw.length; at += 2)
    for (const end = at + 32; at < end; at++, to++) levels[to] = raw[at]!;
}
