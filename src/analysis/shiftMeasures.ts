import type { Batch } from "../training/model.ts";
import { offsetAt, type Alteration, type InputSide } from "./alteredInput.ts";
import { tokensOf } from "./offsetStatistics.ts";
import { norm } from "./vocabularyTable.ts";

/** p ln(p / q) summed over a row of logits each, in nats. */
export function divergence(reference: ArrayLike<number>, other: ArrayLike<number>): number {
  const shares = (z: ArrayLike<number>): { log: number[] } => {
    const all = Array.from(z), most = all.reduce((max, x) => Math.max(max, x), -Infinity), total = Math.log(all.reduce((sum, x) => sum + Math.exp(x - most), 0));
    return { log: all.map((x) => x - most - total) };
  };
  const p = shares(reference).log, q = shares(other).log;
  return p.reduce((sum, x, i) => sum + Math.exp(x) * (x - q[i]!), 0);
}

/** How far offsets move under a shift, over valid tokens: sum |D_k - D_0| / sum |D_0|, and the mean cosine. Undefined without offsets. */
export function offsetChange(side: InputSide, batches: Iterable<Batch>, alteration: Alteration): { change: number; cosine: number } | undefined {
  let moved = 0, size = 0, cosines = 0, count = 0;
  for (const at of tokensOf(batches, false)) {
    const before = offsetAt(side, at), after = offsetAt(side, at, alteration), [a, b] = [norm(before), norm(after)];
    moved += norm(after.map((x, i) => x - before[i]!));
    size += a;
    cosines += a === 0 || b === 0 ? 0 : before.reduce((sum, x, i) => sum + x * after[i]!, 0) / (a * b);
    count++;
  }
  return size === 0 ? undefined : { change: moved / size, cosine: cosines / count };
}
