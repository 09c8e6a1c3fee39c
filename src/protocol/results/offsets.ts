/** A vocabulary entry close to another by cosine similarity. */
export interface Neighbour {
  id: number;
  cosine: number;
}
/** A neighbour with its text. */
export interface NamedNeighbour extends Neighbour {
  text: string;
}

/** One token of the training texts with its offset. */
export interface TokenOffset {
  id: number;
  text: string;
  /** Occurrences in the training texts. */
  count: number;
  /** L2 of the offset. */
  norm: number;
  /** `norm` over the L2 of the token's embedding. */
  ratio: number;
  /** Hidden units that the token switches on. */
  active: number | undefined;
  before: NamedNeighbour[];
  after: NamedNeighbour[];
}

/** Every vocabulary entry by its id. */
export interface VocabularyColumns {
  /** L2 of its offset. */
  norm: number[];
  /** `norm` over the L2 of its embedding. */
  ratio: number[];
  /** Hidden units that it switches on. */
  active: number[] | undefined;
  /** Occurrences in the training texts. */
  count: number[];
}

/** One test text, piece by piece, with the L2 norm of the offset that each piece gets at its place. */
export interface OffsetExample {
  target: string;
  pieces: string[];
  norm: number[];
}

/** Sizes of offsets and embeddings over tokens. */
export interface OffsetSize {
  tokens: number;
  /** The paper's Table 2 as its code counts it: the mean over dimensions of mean |x|. */
  meanAbs: number;
  /** Standard deviation of the means of the dimensions (n in the denominator). */
  sdOfDimensions: number;
  meanL2: number;
  sdL2: number;
  embeddingMeanAbs: number;
  embeddingSdOfDimensions: number;
  embeddingMeanL2: number;
  /** Mean of |offset| / |embedding| (L2). */
  meanRatio: number;
  /** Mean |offset| over mean |embedding| (L2). */
  ratioOfMeans: number;
}

/** How the offsets of the tokens of the training texts lie relative to each other. */
export interface OffsetGeometry {
  tokens: number;
  /** exp of the entropy of the centred offsets' singular values (Roy and Vetterli 2007), at most `rank`. */
  effectiveRank: number;
  /** Count of singular values above 1e-5 of the largest. */
  rank: number;
  /** The smallest L2 between two tokens' offsets. */
  leastDistance: number;
  /** How many tokens share their offset with another. */
  shared: number;
}

/** Sizes of the offsets, the hidden units behind them, and the tokens with the largest. */
export interface Offsets {
  examples: OffsetExample[];
  /** DePT: the norm of each place's offset. */
  places: number[] | undefined;
  /** Counted as the published code counts: with the padding. */
  official: OffsetSize;
  /** Counted over valid tokens only. */
  valid: OffsetSize;
  specificity: number | undefined;
  geometry: OffsetGeometry | undefined;
  /**
   * Hidden units: how many no token switches on, of how many; tokens that switch none on; share of tokens that switch
   * each on.
   */
  units: { dead: number; total: number; off: number; active: number[] } | undefined;
  tokens: TokenOffset[];
  vocabulary: VocabularyColumns | undefined;
  prompt: { meanAbs: number; meanL2: number } | undefined;
}
