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
  /**
   * The targets' own tokens (rows, targetLength), padded with 0, where a label of -100 stands for a token that is read
   * but not trained, as in a conversation with several answers. Without it, the labels are the tokens.
   */
  targetIds?: Int32Array | undefined;
  /** The embedded input (rows, sourceLength, width), used instead of embedding `ids`; `mask` applies to it. */
  inputEmbeddings?: Float32Array;
}
