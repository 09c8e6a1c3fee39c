import type { BackboneLayout, LinearLayer } from "../backbone/layout.ts";
import type { AnySizes, AnySpec, Trained } from "./trained.ts";

/** A frozen tensor of the backbone. */
export interface BackboneTensor {
  name: string;
  /** The linear layer that it is a part of. */
  linear: LinearLayer | undefined;
  /** Which part of the linear layer it is: the weight as it is stored, or the bias (out). */
  part: "weight" | "bias";
  /** Reads its values, row-major. */
  read: () => Float32Array;
}

/** Rows of the embedding table. */
export interface EmbeddingRows {
  /** (rows, width), row-major */
  rows: Float32Array;
  width: number;
  /** The id of the first row; the others follow it. */
  first: number;
}

/**
 * How a trained method becomes plain tensors: changed weights inside the backbone, and what becomes the
 * input, X = [prompt ; embedding[ids] + token offsets + position offsets]. A field is absent where the method has
 * nothing of the kind.
 */
export interface FoldForm<Spec = AnySpec, Named = AnySizes> {
  /**
   * Why the method cannot be folded: what the backbone does not have to hold it, for a message; undefined: it can be
   * folded.
   */
  lacks?(layout: BackboneLayout): string | undefined;
  /** Whether it changes the weight of a module. A weight that two modules share cannot be changed for one of them. */
  changesModule?(trained: Trained<Spec, Named>, module: string): boolean;
  /** A tensor of the backbone with the method's change added; undefined where the method does not change it. */
  tensor?(trained: Trained<Spec, Named>, tensor: BackboneTensor): Float32Array | undefined;
  /** The prompt (m, width), row-major. */
  prompt?(trained: Trained<Spec, Named>, width: number): Float32Array | undefined;
  /** The offset of each token (rows, width), row-major. */
  tokenOffsets?(trained: Trained<Spec, Named>, table: EmbeddingRows): Float32Array;
  /** The offset of each place of the text (S, width), row-major. */
  positionOffsets?(trained: Trained<Spec, Named>, width: number): Float32Array | undefined;
}
