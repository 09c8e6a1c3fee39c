import type { InputSide } from "../subject/alteredInput.ts";
import type { OffsetGeometry } from "../../protocol/results/offsets.ts";

const MOST_TOKENS = 3000;
const NEGLIGIBLE = 1e-5;

/** Eigenvalues of a symmetric matrix (d, d) by Jacobi's rotations, which overwrite the matrix. */
export function symmetricEigenvalues(matrix: Float64Array, d: number): number[] {
  const at = (i: number, j: number): number => matrix[i * d + j]!;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let whole = 0;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        whole += at(i, j) ** 2;
        if (i !== j) off += at(i, j) ** 2;
      }
    if (off <= 1e-22 * whole) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(matrix, d, [p, q]);
  }
  return Array.from({ length: d }, (_, i) => at(i, i)).sort((a, b) => b - a);
}

/** Applies the rotation that makes element (p, q) zero. */
function rotate(matrix: Float64Array, d: number, [p, q]: [number, number]): void {
  const apq = matrix[p * d + q]!;
  if (apq === 0) return;
  const theta = (matrix[q * d + q]! - matrix[p * d + p]!) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < d; k++) {
    const x = matrix[k * d + p]!;
    const y = matrix[k * d + q]!;
    matrix[k * d + p] = c * x - s * y;
    matrix[k * d + q] = s * x + c * y;
  }
  for (let k = 0; k < d; k++) {
    const x = matrix[p * d + k]!;
    const y = matrix[q * d + k]!;
    matrix[p * d + k] = c * x - s * y;
    matrix[q * d + k] = s * x + c * y;
  }
}

/** The centred second moments (d, d) of some offsets. */
function moments(offsets: readonly Float32Array[], d: number): Float64Array {
  const centre = new Float64Array(d);
  const result = new Float64Array(d * d);
  const own = new Float64Array(d);
  for (const offset of offsets) for (let i = 0; i < d; i++) centre[i]! += offset[i]! / offsets.length;
  for (const offset of offsets) {
    for (let i = 0; i < d; i++) own[i] = offset[i]! - centre[i]!;
    for (let i = 0; i < d; i++) for (let j = i; j < d; j++) result[i * d + j]! += own[i]! * own[j]!;
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) result[i * d + j] = result[j * d + i]!;
  return result;
}

/**
 * Geometry of the offsets of tokens: dimensions that they span, effective rank (exponential of the eigenvalues'
 * entropy) and distances.
 * @param seen distinct token ids; of more than 3,000 only the first 3,000 are used
 */
export function offsetGeometry(
  { offsets, width: d }: Pick<InputSide, "offsets" | "width">,
  seen: readonly number[],
): OffsetGeometry {
  const ids = [...seen].sort((a, b) => a - b).slice(0, MOST_TOKENS);
  const chosen = ids.map((id) => offsets!.row(id));
  const values = symmetricEigenvalues(moments(chosen, d), d).map((value) => Math.sqrt(Math.max(0, value)));
  const kept = values.filter((value) => value > NEGLIGIBLE * values[0]!);
  const sum = kept.reduce((a, b) => a + b, 0);
  const entropy = kept.reduce((total, value) => total - (value / sum) * Math.log(value / sum), 0);
  let least = Infinity;
  const alike = new Set<number>();
  for (let a = 0; a < ids.length; a++)
    for (let b = a + 1; b < ids.length; b++) {
      let square = 0;
      const [one, other] = [chosen[a]!, chosen[b]!];
      for (let i = 0; i < d && square < Math.max(least, 1e-30); i++) square += (one[i]! - other[i]!) ** 2;
      least = Math.min(least, square);
      if (square === 0) alike.add(a).add(b);
    }
  return {
    tokens: ids.length,
    effectiveRank: kept.length === 0 ? 0 : Math.exp(entropy),
    rank: kept.length,
    leastDistance: Math.sqrt(least),
    shared: alike.size,
  };
}
