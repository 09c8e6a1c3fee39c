import type { Sublayer } from "./changes.ts";

/** A linear layer y = x W^T, W of shape (out, in). */
export interface LinearLayer {
  module: string;
  in: number;
  out: number;
}

/**
 * The use of a tensor. "matrix": the right side of a product; "embedding": the table of tokens; "norm": scales of a
 * norm; "positions": a small table by position. A lower precision narrows matrices and the embedding.
 */
export type WeightRole = "matrix" | "embedding" | "norm" | "positions";

/** A frozen tensor of the backbone. */
export interface BackboneWeight {
  name: string;
  dims: number[];
  role: WeightRole;
}

/** What code outside a family may know of a backbone. Modules are named as in the weights file, without ".weight". */
export interface BackboneLayout {
  /**
   * Whether text and target are read as one sequence, the target after the text; where it is not, an encoder reads the
   * text and a decoder the target.
   */
  isCausal: boolean;
  width: number;
  vocabulary: number;
  /** Name of the table of token embeddings, (vocabulary, width). */
  embedding: string;
  /** The output layer. A tied one multiplies by the embedding table and has no tensor itself. */
  head: { module: string; tied: boolean };
  linears: LinearLayer[];
  norms: { module: string; width: number }[];
  sublayers: Sublayer[];
  /** Every tensor that the graph reads, once. */
  weights: BackboneWeight[];
}
