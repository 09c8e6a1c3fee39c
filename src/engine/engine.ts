import type { Value } from "../graph/value.ts";
import type { Program, WeightLocation } from "./program.ts";

/** What runs graphs: the same loss and gradients on every one, within fp32's summation order. */
export interface Engine {
  /** what computes, as a person knows it ("onnxruntime CPU") */
  readonly name: string;
  /** Makes what `outputs` reach ready to run; weights are read from where they lie. */
  compile(outputs: Readonly<Record<string, Value>>, weights: ReadonlyMap<string, WeightLocation>): Promise<Program>;
}
