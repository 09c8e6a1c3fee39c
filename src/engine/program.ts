import type { Element } from "./onnx/onnxProto.ts";

/** A tensor on the host: row-major data and its dims. */
export interface HostTensor {
  data: Float32Array | Int32Array | Uint8Array;
  dims: readonly number[];
}

/** Where a frozen tensor lies: `bytes` bytes from `offset` in `file` (absolute), as `type`. */
export interface WeightLocation {
  file: string;
  offset: number;
  bytes: number;
  dims: number[];
  type: Extract<Element, "float32" | "float16" | "bfloat16" | "int8">;
  /** int8: each row's factor, fp32, from here in the same file */
  scales?: number;
  /** stays as it lies and is widened anew at every use, instead of once for all */
  narrow?: boolean;
}

/** A compiled graph. Feeds and results are named as the graph's inputs and outputs. */
export interface Program {
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}
