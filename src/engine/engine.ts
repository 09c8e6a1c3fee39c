import type { Phrase } from "../base/phrase.ts";
import type { FusedName, Value } from "../graph/value.ts";
import type { Program, WeightLocation } from "./program.ts";

/** Memory of a graphics processor in bytes; `peak`: the most that the engine has reserved. */
export interface DeviceMemory {
  free: number;
  total: number;
  peak: number;
}

/** What an engine may do for one program. */
export interface CompileOptions {
  /**
   * How products with levels are computed where they may be copied to where a product reads them as they are: "rounded"
   * rounds what they are multiplied by to 8 bits. Absent: their matrix is widened for each product.
   */
  levels?: "exact" | "rounded" | undefined;
  /**
   * Whether the operations are many and short, as those of a step of decoding are. The processor's threads then wait
   * for the next one awake, until the run ends.
   */
  isShort?: boolean;
}

/** Runs graphs on one device. Every engine gives the same loss and gradients, up to the order of fp32 sums. */
export interface Engine {
  /** The engine's name for display, such as "onnxruntime CPU". */
  readonly name: string;
  /** Starts what computes, so that what is missing is told before anything is prepared; absent: nothing to start. */
  start?(): Promise<void>;
  /** What could not be done in the fast way, or had to be done again, since the last call. */
  takeNotes?(): Phrase[];
  /** Free and all bytes of the device's own memory, after `start`; undefined where it computes in the machine's. */
  memory?(): Promise<DeviceMemory | undefined>;
  /** Ends what `start` started. */
  release?(): Promise<void>;
  /** The fused operations that it has; it expands the others. */
  readonly fused: ReadonlySet<FusedName>;
  /** Compiles the graph of `outputs`; weights are read from their locations. */
  compile(
    outputs: Readonly<Record<string, Value>>,
    weights: ReadonlyMap<string, WeightLocation>,
    options?: CompileOptions,
  ): Promise<Program>;
}
