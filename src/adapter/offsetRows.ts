import { isHeldWhole, MOST_WHOLE, type TokenRows } from "../backbone/tokenRows.ts";

/** Makes the offsets of rows of the embedding table (n, width), whose first row is that of the id `first`. */
export type MakeOffsets = (rows: Float32Array, first: number) => Float32Array;

/**
 * The offset of every token, made of its embedding when it is asked for. Those of a small vocabulary are made at once,
 * and of a large one those of the last tokens are kept.
 */
export class OffsetRows implements TokenRows {
  readonly tokens: number;
  readonly width: number;
  private all: Float32Array | undefined;
  private readonly kept = new Map<number, Float32Array>();

  constructor(
    private readonly table: TokenRows,
    private readonly make: MakeOffsets,
  ) {
    this.tokens = table.tokens;
    this.width = table.width;
  }

  row(id: number): Float32Array {
    if (isHeldWhole(this)) return this.rows(id, id + 1);
    let row = this.kept.get(id);
    if (row !== undefined) return row;
    if (4 * this.width * this.kept.size >= MOST_WHOLE) this.kept.clear();
    this.kept.set(id, (row = this.rows(id, id + 1)));
    return row;
  }

  rows(from: number, to: number): Float32Array {
    const { table, make, width, tokens } = this;
    if (!isHeldWhole(this)) return make(table.rows(from, to), from);
    this.all ??= make(table.rows(0, tokens), 0);
    return this.all.subarray(from * width, to * width);
  }
}
