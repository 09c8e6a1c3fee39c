/**
 * Splits what `git cat-file --batch` says about blobs: for each a line `OBJECT blob SIZE`, its bytes, and a newline.
 * @param objects the ids of the blobs that were asked for, in this order
 * @returns the bytes of each, views of the output
 * @throws Error where one is missing, is no blob, or the output ends early
 */
export function blobBatch(output: Buffer, objects: readonly string[]): Buffer[] {
  let at = 0;
  return objects.map((object) => {
    const end = output.indexOf("\n", at);
    const head = output.toString("latin1", at, Math.max(at, end));
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(head)?.[1] ?? NaN);
    const from = end + 1;
    if (!head.startsWith(`${object} `) || Number.isNaN(size) || output[from + size] !== 0x0a)
      throw new Error(`git cat-file of ${object}: ${head.slice(0, 100)}`);
    at = from + size + 1;
    return output.subarray(from, from + size);
  });
}
