/** Bytes of a name that every file system takes, with something after it: some take 143 of a part of a path. */
const MOST_BYTES = 100;

/** A name as part of a path: letters, digits, dots and dashes, as many as file systems take; "" where it has none. */
export function fileName(name: string): string {
  let bytes = 0;
  const kept = [...name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+/, "")].filter(
    (letter) => (bytes += Buffer.byteLength(letter)) <= MOST_BYTES,
  );
  return kept.join("").replace(/[-.]+$/, "");
}
