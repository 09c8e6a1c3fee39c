/**
 * The longest name in bytes. Some file systems allow 143 bytes for one component of a path; this leaves room for a
 * suffix.
 */
const MOST_BYTES = 100;

/**
 * Turns a name into a component of a path: letters, digits, dots, dashes and underscores, at most 100 bytes. Returns ""
 * if nothing is left.
 */
export function fileName(name: string): string {
  let bytes = 0;
  const kept = [...name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+/, "")].filter(
    (letter) => (bytes += Buffer.byteLength(letter)) <= MOST_BYTES,
  );
  return kept.join("").replace(/[-.]+$/, "");
}
