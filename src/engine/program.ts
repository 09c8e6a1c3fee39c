/**
 * The element types that frozen weights are stored in. Of "int4" (signed) and "uint4" a byte holds two levels, the
 * first of them in its low half.
 */
export type WeightType = "float32" | "float16" | "bfloat16" | "int8" | "int4" | "uint4";

/** A tensor on the host: row-major data and its dims. */
export interface HostTensor {
  data: Float32Array | Int32Array | Uint8Array;
  dims: readonly number[];
}

/** Where the values of a frozen tensor are stored. */
export interface WeightLocation {
  /** Absolute path of the file. */
  file: string;
  /** First byte in the file. */
  offset: number;
  /** Length in bytes. */
  bytes: number;
  dims: number[];
  type: WeightType;
  /** For integers: the first byte, in the same file, of the fp32 scale of each row, or of each group of a row. */
  scales?: number;
  /** Values of a row that have a scale of their own; it divides the row. Left out: the whole row. */
  group?: number;
  /** The first byte, in the same file, of the fp32 number that is added to each value of a group. Left out: none is. */
  offsets?: number;
  /** Whether the tensor stays in its stored type in memory and is widened at every use, not once when it is loaded. */
  narrow?: boolean;
}

/** A compiled graph. Feeds and results are named as the graph's inputs and outputs. */
export interface Program {
  /**
   * @param hosted the results whose values are read; others may stay on the device as HeldTensors. Absent: all are read
   * @throws HeldLost where the device no longer has a tensor that it held
   */
  run(feeds: Readonly<Record<string, HostTensor>>, hosted?: readonly string[]): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}
