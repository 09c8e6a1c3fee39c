import type { Shape } from "../graph/dims.ts";
import { weight, type Value } from "../graph/value.ts";

/** A sublayer of the backbone, named as in the weights file ("encoder.block.0.layer.0"). */
export interface Sublayer {
  name: string;
  kind: "self" | "cross" | "feedForward";
}

/**
 * What a method changes inside a backbone, as functions that the family's graph calls. Modules are named as in the
 * weights file, without ".weight".
 */
export interface BackboneChanges {
  /** A tensor of the backbone, biases included: frozen, unless the method trains it. */
  weight(name: string, shape: Shape): Value;
  /** The input of a linear layer. */
  linearInput(x: Value, module: string): Value;
  /**
   * The output of a linear layer.
   * @param y the unchanged output for the input x, with the layer's bias
   */
  linearOutput(y: Value, x: Value, module: string): Value;
  normOutput(y: Value, module: string): Value;
  /** The output z of a sublayer, before it is added to the residual. */
  sublayer(z: Value, at: Sublayer): Value;
  /** Applies dropout, at each place where Hugging Face's model has it in training. */
  drop: (x: Value) => Value;
}

/** Whether dropout is applied anywhere. */
export const isDropping = ({ drop }: BackboneChanges): boolean => drop !== UNCHANGED.drop;

/** A backbone without changes. */
export const UNCHANGED: BackboneChanges = {
  weight,
  linearInput: (x) => x,
  linearOutput: (y) => y,
  normOutput: (y) => y,
  sublayer: (z) => z,
  drop: (x) => x,
};
