/** Pearson's correlation (-1..1). It is 0 and degenerate where a side is constant or has fewer than two values. */
export function pearson(x: readonly number[], y: readonly number[]): { value: number; degenerate: boolean } {
  const constant = (values: readonly number[]): boolean => values.every((value) => value === values[0]);
  if (x.length < 2 || constant(x) || constant(y)) return { value: 0, degenerate: true };
  const centre = (values: readonly number[]): number[] => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const a = centre(x);
  const b = centre(y);
  const dot = (p: number[], q: number[]): number => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  // Each side is divided by its norm before the product: squares of large values would overflow together.
  const value = dot(
    a.map((v) => v / Math.sqrt(dot(a, a))),
    b.map((v) => v / Math.sqrt(dot(b, b))),
  );
  return { value: Math.max(-1, Math.min(1, value)), degenerate: false };
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) result[order[i]!] = (start + 1 + end) / 2;
  }
  return result;
}

/** Spearman's correlation: Pearson's correlation of the ranks. */
export const spearman = (x: readonly number[], y: readonly number[]): { value: number; degenerate: boolean } =>
  pearson(ranks(x), ranks(y));
