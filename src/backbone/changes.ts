import type { Shape } from "../graph/dims.ts";
import { weight, type Value } from "../graph/value.ts";

/** A sublayer of the backbone, named as in the weights file ("encoder.block.0.layer.0"). */
export interface Sublayer {
  name: string;
  kind: "self" | "cross" | "feedForward";
}

/** What a method changes inside a backbone. Modules are named as in the weights file, without ".weight". */
export interface BackboneChanges {
  /** A tensor of the backbone: frozen, unless the method trains it. */
  weight(name: string, shape: Shape): Value;
  /** What a linear layer reads. */
  linearInput(x: Value, module: string): Value;
  /** @param y what a linear layer makes of x */
  linearOutput(y: Value, x: Value, module: string): Value;
  normOutput(y: Value, module: string): Value;
  /** What a sublayer adds to the residual. */
  sublayer(z: Value, at: Sublayer): Value;
  /** Dropout, where Hugging Face's model has it in training. */
  drop(x: Value): Value;
}

/** The backbone as it is. */
export const UNCHANGED: BackboneChanges = {
  weight,
  linearInput: (x) => x,
  linearOutput: (y) => y,
  normOutput: (y) => y,
  sublayer: (z) => z,
  drop: (x) => x,
};
