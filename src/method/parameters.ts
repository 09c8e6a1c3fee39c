/** A trainable tensor with its learning-rate group. */
export interface TrainableTensor {
  name: string;
  dims: number[];
  group: string;
  data: Float32Array;
}

/** The trainable tensors of a method by name, in the order of the method's file. */
export type Parameters = Map<string, TrainableTensor>;

/** The values, row-major, of a tensor that must exist under the method's options. */
export function valuesOf(parameters: Parameters, name: string): Float32Array {
  const found = parameters.get(name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found.data;
}
