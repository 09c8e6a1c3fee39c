/**
 * How the tensor of a Hugging Face folder is made from the stored one, which the converter of llama.cpp has changed.
 * - as-is: the stored values.
 * - unpermute: rows in another order. llama.cpp rotates neighbours 2i and 2i + 1 of a head, Hugging Face i and
 *   i + d / 2, so a head's rows were stored as 0, d / 2, 1, d / 2 + 1, .. This is so of weights and of biases.
 * - interleave: rows in another order. Stored are all queries, then all keys, then all values; Hugging Face has the
 *   query, the key and the value of each head together. This is so of weights and of biases.
 * - minus-one: each value less 1. Stored is the factor of a norm itself.
 * - transpose: Hugging Face has (in, out), stored is (out, in).
 *
 * A change of rows moves whole rows of a matrix, so whole blocks of a quantised one: its bytes can be moved as they
 * are. The other two need the values; norms are stored unquantised.
 */
export type TensorChange =
  | { kind: "as-is" }
  | { kind: "unpermute"; heads: number }
  | { kind: "interleave"; heads: number }
  | { kind: "minus-one" }
  | { kind: "transpose" };

/** What a fused layer of queries, keys and values has of each head. */
const PARTS = 3;

/** The number by which a tensor's rows must be divisible for the change. */
export function rowMultiple(change: TensorChange): number {
  if (change.kind === "unpermute") return 2 * change.heads;
  return change.kind === "interleave" ? PARTS * change.heads : 1;
}

/**
 * Which stored row each row of the Hugging Face tensor is; undefined where rows have not moved. A bias has a row for
 * each value.
 * @param rows a multiple of rowMultiple
 */
export function rowOrder(change: TensorChange, rows: number): Uint32Array | undefined {
  if (change.kind !== "unpermute" && change.kind !== "interleave") return undefined;
  const { kind, heads } = change;
  // Rows of a head, of one part of it where it has several.
  const width = rows / (kind === "unpermute" ? heads : PARTS * heads);
  const half = width / 2;
  return Uint32Array.from({ length: rows }, (_, row) => {
    const block = Math.floor(row / width);
    const inside = row % width;
    if (kind === "unpermute") return block * width + (inside < half ? 2 * inside : 2 * (inside - half) + 1);
    return ((block % PARTS) * heads + Math.floor(block / PARTS)) * width + inside;
  });
}

/** The dims of the Hugging Face tensor. @param dims of the stored one */
export const changedDims = (change: TensorChange, dims: readonly number[]): number[] =>
  change.kind === "transpose" ? [...dims].reverse() : [...dims];

function transposed(values: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const made = new Float32Array(values.length);
  for (let i = 0; i < rows!; i++) for (let j = 0; j < columns!; j++) made[j * rows! + i] = values[i * columns! + j]!;
  return made;
}

/**
 * The values of the Hugging Face tensor, each rounded to fp32.
 * @param values the stored tensor's
 * @param dims the stored tensor's
 */
export function changedValues(change: TensorChange, values: Float32Array, dims: readonly number[]): Float32Array {
  if (change.kind === "minus-one") return values.map((value) => value - 1);
  if (change.kind === "transpose") return transposed(values, dims);
  const order = rowOrder(change, dims[0]!);
  if (order === undefined) return values;
  const width = values.length / order.length;
  const made = new Float32Array(values.length);
  order.forEach((stored, row) => made.set(values.subarray(stored * width, (stored + 1) * width), row * width));
  return made;
}
