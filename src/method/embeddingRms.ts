/** The tokens' embeddings by their rows. */
export interface TokenRows {
  tokens: number;
  /** A token's embedding (width), as the backbone embeds it. */
  row(id: number): Float32Array;
}

/**
 * The unit of a backbone's embeddings: the root mean square of all values of the table (V, d), as the backbone embeds
 * them. Models differ in it by two orders of magnitude.
 */
export function embeddingRms(table: TokenRows): number {
  let sum = 0;
  let count = 0;
  for (let id = 0; id < table.tokens; id++) {
    const row = table.row(id);
    for (const value of row) sum += value * value;
    count += row.length;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
