import type { Sublayer } from "./changes.ts";

/** A linear layer y = x W^T, or y = x W^T + b where the layout has a weight `MODULE.bias`. */
export interface LinearLayer {
  module: string;
  in: number;
  out: number;
  /** Whether the weights file has W transposed, as (in, out) instead of (out, in): GPT-2's Conv1D. */
  isTransposed?: boolean;
}

/** The linear layers that a method changes where the experiment names none, by the last parts of their names. */
export interface DefaultTargets {
  lora: readonly string[];
  /** Layers whose output IA3 scales, and those whose input it scales. */
  ia3: { outputs: readonly string[]; inputs: readonly string[] };
}

/**
 * The use of a tensor. "matrix": the right side of a product; "bias": of a linear layer or a norm; "embedding": the
 * table of tokens; "norm": scales of a norm; "positions": a table by position. A lower precision narrows matrices and
 * the embedding.
 */
export type WeightRole = "matrix" | "bias" | "embedding" | "norm" | "positions";

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
  /** The most tokens that a causal model was made for, prompt and answer included; left out: not known. */
  longest?: number;
  /** Name of the table of token embeddings, (vocabulary, width). */
  embedding: string;
  /**
   * A token's embedding is its row of the table times this factor; the prompt and a method's offsets are not
   * multiplied. Left out: 1. (Gemma: the square root of the width.)
   */
  embeddingScale?: number;
  /** The output layer. A tied one multiplies by the embedding table and has no tensor itself. */
  head: { module: string; tied: boolean };
  linears: LinearLayer[];
  norms: { module: string; width: number }[];
  sublayers: Sublayer[];
  /** As PEFT has them for the type of model; where PEFT has none, the layers of the same use. */
  defaultTargets: DefaultTargets;
  /** Every tensor that the graph reads, once. */
  weights: BackboneWeight[];
}
