import type { Batch } from "../../backbone/batch.ts";
import { offsetAt, type Alteration, type InputSide } from "../subject/alteredInput.ts";
import { tokensOf } from "../offsets/offsetStatistics.ts";

/** A row of logits (V), its softmax `p` (V) and `total`, the logarithm of the sum of its exponentials. */
export interface Shares {
  logits: Float32Array;
  p: Float32Array;
  total: number;
}

/** ln of the sum of exponentials. Subtracts the largest logit first, so that nothing overflows. */
function logSumExp(logits: Float32Array): number {
  let most = -Infinity;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > most) most = logits[i]!;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - most);
  return most + Math.log(sum);
}

/** The softmax of a row of logits (V). */
export function sharesOf(logits: Float32Array): Shares {
  const total = logSumExp(logits);
  return { logits, p: logits.map((z) => Math.exp(z - total)), total };
}

/**
 * The Kullback-Leibler divergence of q from p in nats, the sum of p ln(p / q) over the vocabulary. Equal logits give
 * exactly 0.
 * @param other the logits of q
 */
export function divergence({ logits, p, total }: Shares, other: Float32Array): number {
  const apart = logSumExp(other) - total;
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i]! * (logits[i]! - other[i]! + apart);
  return sum;
}

/**
 * How much the offsets change under a shift, over valid tokens: `change` is sum |D_k - D_0| / sum |D_0|, `cosine` the
 * mean cosine of D_k and D_0. Undefined where all offsets are 0.
 */
export function offsetChange(
  side: InputSide,
  batches: Iterable<Batch>,
  alteration: Alteration,
): { change: number; cosine: number } | undefined {
  const before = new Float32Array(side.width);
  const after = new Float32Array(side.width);
  let moved = 0;
  let size = 0;
  let cosines = 0;
  let count = 0;
  for (const at of tokensOf(batches, false)) {
    offsetAt(side, at, {}, before);
    offsetAt(side, at, alteration, after);
    let apart = 0;
    let a = 0;
    let b = 0;
    let product = 0;
    for (let i = 0; i < before.length; i++) {
      const x = before[i]!;
      const y = after[i]!;
      apart += (y - x) ** 2;
      a += x * x;
      b += y * y;
      product += x * y;
    }
    moved += Math.sqrt(apart);
    size += Math.sqrt(a);
    cosines += a === 0 || b === 0 ? 0 : product / Math.sqrt(a * b);
    count++;
  }
  return size === 0 ? undefined : { change: moved / size, cosine: cosines / count };
}
