/**
 * One padded batch: texts (`ids`, `mask`) and their targets (`labels`). `ids` and `mask` are (rows, sourceLength);
 * `labels` is (rows, targetLength) with -100 where padded. Both are padded on the right.
 */
export interface Batch {
  rows: number;
  sourceLength: number;
  targetLength: number;
  ids: Int32Array;
  mask: Float32Array;
  labels: Int32Array;
  /** The embedded input (rows, sourceLength, width), where it is given instead of made from ids; `mask` is its mask. */
  inputEmbeddings?: Float32Array;
}
