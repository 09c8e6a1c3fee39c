/** A table of up to this many bytes in fp32 is held whole from the first access on, a larger one is read row by row. */
export const MOST_WHOLE = 2 ** 28;
/** Bytes of a chunk of rows, about. */
const CHUNK = 2 ** 24;
const BYTES = 4;

/** A vector for each token (tokens, width), which need not be in memory. */
export interface TokenRows {
  readonly tokens: number;
  readonly width: number;
  /** The vector of a token. */
  row(id: number): Float32Array;
  /** The vectors of the ids `from` (inclusive) to `to` (exclusive), row-major. */
  rows(from: number, to: number): Float32Array;
}

/** Rows of consecutive ids, row-major. */
export interface RowChunk {
  /** The id of the first row. */
  first: number;
  rows: Float32Array;
}

/** Whether a table is small enough to be held whole. */
export const isHeldWhole = ({ tokens, width }: Pick<TokenRows, "tokens" | "width">): boolean =>
  BYTES * tokens * width <= MOST_WHOLE;

/** The rows of a table that is in memory. */
export const rowsIn = (table: Float32Array, width: number): TokenRows => ({
  tokens: table.length / width,
  width,
  row: (id) => table.subarray(id * width, (id + 1) * width),
  rows: (from, to) => table.subarray(from * width, to * width),
});

/** All rows of a table, some megabytes at a time. */
export function* rowChunks(table: TokenRows): Generator<RowChunk> {
  const most = Math.max(1, Math.floor(CHUNK / BYTES / table.width));
  for (let first = 0; first < table.tokens; first += most)
    yield { first, rows: table.rows(first, Math.min(table.tokens, first + most)) };
}
