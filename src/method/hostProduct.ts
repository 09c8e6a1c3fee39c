/** The matrix product of a (rows, inner) and b (inner, columns), row-major, summed in float64. */
export function hostProduct(
  a: Float32Array,
  b: Float32Array,
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
): Float32Array {
  const result = new Float32Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      if (factor !== 0) for (let j = 0; j < columns; j++) sums[j]! += factor * b[k * columns + j]!;
    }
    result.set(sums, i * columns);
  }
  return result;
}
