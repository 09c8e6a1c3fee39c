/** A trainable tensor with its learning-rate group. */
export interface TrainableTensor {
  name: string;
  dims: number[];
  group: string;
  data: Float32Array;
}

/** The trainable tensors of a method by name, in the order of the method's file. */
export type Parameters = Map<string, TrainableTensor>;
