import type { Value } from "../../graph/value.ts";

/** Cosines and sines (B, 1, L, width / 2) of each place's rotation. */
export interface RotationInput {
  cos: Value;
  sin: Value;
}
