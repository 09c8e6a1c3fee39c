/** Units of a block of a double array; a child lies in the block of its parent's base. */
const BLOCK = 256;
const HAS_LEAF = 1 << 8;
const WIDE_OFFSET = 1 << 9;
const VALUE = 0x7fffffff;

/** Where a unit's children begin, relative to it: darts-clone's encoding. */
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & WIDE_OFFSET) >>> 6);

/**
 * Whether a SentencePiece normaliser's table leads nowhere outside of itself: its size, a double array over the bytes
 * of texts, and the UTF-8 texts that stand for them. The native code follows it unchecked, and ends the process where
 * it leads out.
 */
export function isCharsMap(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) return false;
  const size = view.getUint32(0, true);
  const texts = bytes.subarray(4 + size);
  if (size === 0 || size % (4 * BLOCK) !== 0 || 4 + size > bytes.length) return false;
  const count = size / 4;
  const unitAt = (i: number): number => view.getUint32(4 + 4 * i, true);
  for (let i = 0; i < count; i++) {
    const unit = unitAt(i);
    // A value is no node; but the root is followed whatever it is.
    if (unit > VALUE && i > 0) continue;
    const base = i ^ offsetOf(unit);
    if (base < 0 || base >= count) return false;
    if ((unit & HAS_LEAF) === 0) continue;
    const at = unitAt(base) & VALUE;
    // The second and later bytes of a character are 10xxxxxx.
    if (at > texts.length || (at < texts.length && (texts[at]! & 0xc0) === 0x80)) return false;
  }
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(texts);
    return true;
  } catch {
    return false;
  }
}
