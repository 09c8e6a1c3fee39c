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
  /**
   * How a causal model embeds tokens behind an embedded input: those of a target, and generated ones. Absent: as the
   * backbone alone does.
   */
  continued?: Continuation;
  /** In a causal model: positions of the embedded input that no token has. */
  gap?: PositionGap;
  /** How the texts of an evaluation begin, where all begin alike: what is computed of it may be kept. */
  shared?: SharedTokens | undefined;
}

/** Tokens that stand at the start of every text. */
export interface SharedTokens {
  /** How many there are; fewer than any text has. */
  tokens: number;
  /** Equal numbers mean the same tokens and the same parameters, in every batch of this process. */
  reading: number;
}

/**
 * Returns the embedding (width) of a token that is read behind an embedded input.
 * @param token `place`: the column at which it stands, where the row's embedded input begins at column 0
 */
export type Continuation = (token: { id: number; place: number }) => Float32Array;

/** Tokens from column `from` on stand `count` positions further on than their columns say. */
export interface PositionGap {
  from: number;
  count: number;
}
