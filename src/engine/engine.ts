import type { Value } from "../graph/value.ts";
import type { Program, WeightLocation } from "./program.ts";

/** Runs graphs on one device. Every engine gives the same loss and gradients, up to the order of fp32 sums. */
export interface Engine {
  /** The engine's name for display, such as "onnxruntime CPU". */
  readonly name: string;
  /** Compiles the graph of `outputs`; weights are read from their locations. */
  compile(outputs: Readonly<Record<string, Value>>, weights: ReadonlyMap<string, WeightLocation>): Promise<Program>;
}
