/**
 * Unbiased pass@k (Chen et al. 2021): 1 - C(n - c, k) / C(n, k), computed as a product.
 * @param n number of samples of a task
 * @param c number of samples that pass
 * @throws RangeError where k > n, or c is not in 0..n
 */
export function passAtK(n: number, c: number, k: number): number {
  if (!(k >= 1 && k <= n && c >= 0 && c <= n))
    throw new RangeError(`pass@${k} of ${n} samples with ${c} passing is not defined`);
  if (n - c < k) return 1;
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}
