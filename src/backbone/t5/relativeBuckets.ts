import type { T5Config } from "./t5Config.ts";

/**
 * T5's relative position buckets (Raffel et al. 2020, as Hugging Face computes them).
 * @returns (queries, keys) row-major; query i stands at `from + i`, key j at j
 */
export function relativeBuckets(
  config: T5Config,
  shape: { queries: number; keys: number; from: number; bidirectional: boolean },
): Int32Array {
  const result = new Int32Array(shape.queries * shape.keys);
  for (let i = 0; i < shape.queries; i++) {
    for (let j = 0; j < shape.keys; j++)
      result[i * shape.keys + j] = bucket(j - (shape.from + i), config, shape.bidirectional);
  }
  return result;
}

function bucket(relative: number, config: T5Config, bidirectional: boolean): number {
  let buckets = config.buckets;
  let base = 0;
  let distance = Math.max(0, -relative);
  if (bidirectional) {
    buckets = Math.floor(buckets / 2);
    base = relative > 0 ? buckets : 0;
    distance = Math.abs(relative);
  }
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return base + distance;
  // PyTorch computes this in fp32: at a bucket's edge the rounding decides, so it is repeated here.
  const f = Math.fround;
  const logarithm = f(Math.log(f(distance / exact)));
  const scaled = f(f(logarithm / f(Math.log(config.maxDistance / exact))) * (buckets - exact));
  return base + Math.min(buckets - 1, exact + Math.trunc(scaled));
}
