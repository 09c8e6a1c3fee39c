/**
 * The unit of a backbone's embeddings: the root mean square of all values of the table (V, d), as the backbone embeds
 * them. Models differ in it by two orders of magnitude.
 */
export function embeddingRms(table: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < table.length; at++) sum += table[at]! * table[at]!;
  return Math.sqrt(sum / Math.max(1, table.length));
}
