import type { BackboneLayout } from "../backbone/layout.ts";
import { gather, matmul, mul } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import { hostProduct } from "./hostProduct.ts";
import type { LearningRateGroupForm, TensorSpec } from "./method.ts";
import type { Trained } from "./trained.ts";

/**
 * Rows of the table where the experiment does not set them: the longest text by default; in a causal model as many
 * again, for the target's tokens have places too.
 */
export const defaultPositions = ({ isCausal }: BackboneLayout): number => (isCausal ? 512 : 256);

export const POSITION_GROUP: LearningRateGroupForm = { rate: 0.005, description: "DePT's position table" };

/** DePT's two factors: a (positions, rank) and b (rank, d). */
export const positionTensors = (rows: number, rank: number, width: number): TensorSpec<"ab">[] => [
  { name: "a", dims: [rows, rank], sizes: [rows, rank], group: "ab" },
  { name: "b", dims: [rank, width], sizes: [rank, width], group: "ab" },
];

/** The factor of the official code, 8 / sqrt(rank). */
export const officialScale = (rank: number): number => 8 / Math.sqrt(rank);

/**
 * The offset c (a b) at each place of the text: (S, d), the same for every example.
 * @param positions int32 (S)
 */
export function positionOffset(factors: { a: Value; b: Value }, positions: Value, scale: number): Value {
  return mul(scalar(scale), matmul(gather(factors.a, positions), factors.b));
}

/** The offsets of trained factors for every row of the table, computed on the host: (positions, d), row-major. */
export function positionOffsets(
  { parameters }: Pick<Trained, "parameters">,
  width: number,
  scaleOf: (rank: number) => number,
): Float32Array | undefined {
  const a = parameters.get("a");
  const b = parameters.get("b");
  if (a === undefined || b === undefined) return undefined;
  const [rows, rank] = a.dims as [number, number];
  const scale = scaleOf(rank);
  return hostProduct(a.data, b.data, { rows, inner: rank, columns: width }).map((x) => scale * x);
}
