import type { FusedName, Value } from "../graph/value.ts";
import type { Program, WeightLocation } from "./program.ts";

/** Runs graphs on one device. Every engine gives the same loss and gradients, up to the order of fp32 sums. */
export interface Engine {
  /** The engine's name for display, such as "onnxruntime CPU". */
  readonly name: string;
  /** Starts what computes, so that what is missing is told before anything is prepared; absent: nothing to start. */
  start?(): Promise<void>;
  /** What could not be done in the fast way since the last call, as somebody else's program said it. */
  takeNotes?(): string[];
  /** Ends what `start` started. */
  release?(): Promise<void>;
  /** The fused operations that it has; it expands the others. */
  readonly fused: ReadonlySet<FusedName>;
  /** Compiles the graph of `outputs`; weights are read from their locations. */
  compile(outputs: Readonly<Record<string, Value>>, weights: ReadonlyMap<string, WeightLocation>): Promise<Program>;
}
