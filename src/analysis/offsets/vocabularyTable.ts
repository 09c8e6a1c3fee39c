import { rowChunks, type RowChunk, type TokenRows } from "../../backbone/tokenRows.ts";
import type { HiddenLayer } from "../../method/method.ts";
import type { Neighbour } from "../../protocol/results/offsets.ts";

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
/** The L2 norm. */
export const norm = (a: Float32Array): number => Math.sqrt(dot(a, a));

/**
 * Use of the FFN's hidden units over the vocabulary. A token switches a unit on if the unit's input is above 0.
 */
export interface UnitUse {
  /** The share of tokens that switch each unit on (r). */
  active: number[];
  /** The number of units that no token switches on. */
  dead: number;
  /** The number of tokens that switch no unit on; their offset is exactly the bias b2. */
  off: number;
  /** The number of units that each token switches on (V). */
  perToken: Uint16Array;
}

/** A hidden layer: its weight (d, r), its bias (r) where it has one, and what it reads of embeddings (n, d). */
type Layer = Pick<HiddenLayer, "weight" | "bias" | "input">;

/** Counts the units that each of some tokens switches on, and the tokens by unit. @param rows embeddings (n, d) */
export function countUnits(
  rows: Float32Array,
  width: number,
  { weight: down, bias, input }: Layer,
): { counts: number[]; perToken: Uint16Array } {
  const table = input?.(rows) ?? rows;
  const r = down.length / width;
  const tokens = table.length / width;
  const counts = new Array<number>(r).fill(0);
  const perToken = new Uint16Array(tokens);
  for (let id = 0; id < tokens; id++) {
    for (let j = 0; j < r; j++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += table[id * width + i]! * down[i * r + j]!;
      if (Math.fround(sum) + (bias?.[j] ?? 0) > 0) {
        counts[j]!++;
        perToken[id]!++;
      }
    }
  }
  return { counts, perToken };
}

/** Computes for every token which hidden units have E W_down + b1 > 0; the table is read in chunks. */
export function unitUse(table: TokenRows, layer: Layer): UnitUse {
  const { tokens, width } = table;
  const perToken = new Uint16Array(tokens);
  const counts = new Array<number>(layer.weight.length / width).fill(0);
  for (const { first, rows } of rowChunks(table)) {
    const found = countUnits(rows, width, layer);
    perToken.set(found.perToken, first);
    found.counts.forEach((count, unit) => {
      counts[unit]! += count;
    });
  }
  return {
    active: counts.map((count) => count / tokens),
    dead: counts.filter((count) => count === 0).length,
    off: perToken.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
    perToken,
  };
}

/** The tokens whose embeddings are nearest to a vector by cosine, nearest first, of the chunks that were added. */
export class Nearest {
  readonly found: Neighbour[] = [];
  private readonly length: number;

  constructor(
    private readonly vector: Float32Array,
    private readonly count: number,
  ) {
    this.length = norm(vector);
  }

  /**
   * Looks at the embeddings of a chunk; chunks are added in the order of their ids.
   * @param sizes the L2 norms of its rows
   */
  add({ first, rows }: RowChunk, sizes: Float64Array): void {
    const { found, vector, count, length } = this;
    const width = vector.length;
    for (let i = 0; i < sizes.length; i++) {
      const size = sizes[i]! * length;
      const cosine = size === 0 ? 0 : dot(rows.subarray(i * width, (i + 1) * width), vector) / size;
      if (found.length === count && cosine <= found.at(-1)!.cosine) continue;
      const place = found.findIndex((each) => each.cosine < cosine);
      found.splice(place < 0 ? found.length : place, 0, { id: first + i, cosine });
      if (found.length > count) found.pop();
    }
  }
}

/** The tokens nearest to a token's embedding, before and after its offset is added. */
export interface Neighbours {
  before: Neighbour[];
  after: Neighbour[];
}

/** The neighbours of some tokens; the table is read once for all of them, in chunks. */
export function neighbours(
  { table, offsets }: { table: TokenRows; offsets?: Pick<TokenRows, "row"> | undefined },
  ids: readonly number[],
  count = 5,
): Neighbours[] {
  const searches = ids.map((id) => {
    const own = table.row(id);
    const offset = offsets?.row(id);
    const moved = offset === undefined ? own : own.map((x, i) => x + offset[i]!);
    return { before: new Nearest(own, count), after: new Nearest(moved, count) };
  });
  for (const chunk of rowChunks(table)) {
    const { rows } = chunk;
    const sizes = Float64Array.from({ length: rows.length / table.width }, (_, i) =>
      norm(rows.subarray(i * table.width, (i + 1) * table.width)),
    );
    for (const { before, after } of searches) {
      before.add(chunk, sizes);
      after.add(chunk, sizes);
    }
  }
  return searches.map(({ before, after }) => ({ before: before.found, after: after.found }));
}
