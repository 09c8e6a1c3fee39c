/** L2 norm of several arrays taken together, summed in double precision. */
export function jointNorm(arrays: Iterable<Float32Array>): number {
  let sum = 0;
  for (const array of arrays) for (const value of array) sum += value * value;
  return Math.sqrt(sum);
}

/**
 * Multiplies gradients by min(1, limit / (norm + 1e-6)), with the norm over all tensors together, as torch's
 * clip_grad_norm_.
 * @param limit largest joint norm; 0: no clipping
 * @returns new arrays if they were scaled, else the given ones, and the norm before clipping
 */
export function clipGradients(
  gradients: Map<string, Float32Array>,
  limit: number,
): { gradients: Map<string, Float32Array>; norm: number } {
  const norm = jointNorm(gradients.values());
  const factor = limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1;
  if (factor === 1) return { gradients, norm };
  return {
    gradients: new Map([...gradients].map(([name, gradient]) => [name, gradient.map((value) => value * factor)])),
    norm,
  };
}
