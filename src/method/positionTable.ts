import { gather, matmul, mul } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { MethodSpec } from "./methodSpec.ts";
import type { TensorSpec } from "./method.ts";

const DEFAULT_POSITIONS = 256;

/** Rows of a method's position table: the longest text it can take; undefined for a method that has none. */
export function positionRows(spec: MethodSpec): number | undefined {
  if (spec.kind === "dept") return spec.positions;
  return spec.kind === "adept" && spec.variant === "hybrid" ? (spec.positions ?? DEFAULT_POSITIONS) : undefined;
}

/** DePT's two factors: a (positions, rank) and b (rank, d). */
export const positionTensors = (rows: number, rank: number, width: number): TensorSpec[] => [
  { name: "a", dims: [rows, rank], sizes: [rows, rank], group: "ab" },
  { name: "b", dims: [rank, width], sizes: [rank, width], group: "ab" },
];

/** The official code's factor, 8 / sqrt(rank) (reference section 2). */
export const officialScale = (rank: number): number => 8 / Math.sqrt(rank);

/** c (a b) at each place of the text: (S, d), the same for every example. @param positions int32 (S) */
export function positionOffset(factors: { a: Value; b: Value }, positions: Value, scale: number): Value {
  return mul(scalar(scale), matmul(gather(factors.a, positions), factors.b));
}
