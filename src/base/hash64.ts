/** A hash of 64 bits, as two numbers of 32. */
export interface Hash64 {
  low: number;
  high: number;
}

/** Mixes the bits of a number so that each depends on all. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return (bits ^ (bits >>> 15)) >>> 0;
}

/**
 * A hash of a text, for telling texts apart where keeping them would take too much memory: of 10 million different
 * ones, two are equal with a chance of 3 in a million. It is no protection against texts that are made to be equal.
 */
export function hash64(text: string): Hash64 {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + 0x85eb), 0xcc9e2d51);
    high = (high << 13) | (high >>> 19);
  }
  return { low: mixed(low ^ text.length), high: mixed(high ^ low) };
}
