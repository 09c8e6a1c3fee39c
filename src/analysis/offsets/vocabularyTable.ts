import type { InputSide } from "../subject/alteredInput.ts";
import type { Neighbour } from "../../protocol/results/offsets.ts";

const row = (values: Float32Array, id: number, width: number): Float32Array =>
  values.subarray(id * width, (id + 1) * width);
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

/**
 * Computes for every token which hidden units have E W_down + b1 > 0.
 * @param table (V, d)
 * @param down (d, r)
 * @param bias (r), undefined for a variant without biases
 */
export function unitUse(
  table: Float32Array,
  width: number,
  { down, bias }: { down: Float32Array; bias: Float32Array | undefined },
): UnitUse {
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
  return {
    active: counts.map((count) => count / tokens),
    dead: counts.filter((count) => count === 0).length,
    off: perToken.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
    perToken,
  };
}

/** The vocabulary's tokens whose embeddings are nearest to a vector by cosine, nearest first. */
export function nearest(
  { table, width }: Pick<InputSide, "table" | "width">,
  vector: Float32Array,
  count: number,
): Neighbour[] {
  const length = norm(vector);
  const found: Neighbour[] = [];
  for (let id = 0; id < table.length / width; id++) {
    const own = row(table, id, width);
    const size = norm(own) * length;
    const cosine = size === 0 ? 0 : dot(own, vector) / size;
    if (found.length === count && cosine <= found.at(-1)!.cosine) continue;
    found.splice(
      found.findIndex((each) => each.cosine < cosine) < 0
        ? found.length
        : found.findIndex((each) => each.cosine < cosine),
      0,
      { id, cosine },
    );
    if (found.length > count) found.pop();
  }
  return found;
}

/** The tokens nearest to a token's embedding, before and after its offset is added. */
export function neighbours(side: InputSide, id: number, count = 5): { before: Neighbour[]; after: Neighbour[] } {
  const { table, width, offsets } = side;
  const own = row(table, id, width);
  const moved = offsets === undefined ? own : own.map((x, i) => x + offsets[id * width + i]!);
  return { before: nearest(side, own, count), after: nearest(side, moved, count) };
}
