import type { Sublayer } from "./changes.ts";

/** A linear layer y = x W^T, W of shape (out, in). */
export interface LinearLayer {
  module: string;
  in: number;
  out: number;
}

/** What a method may know of a backbone when it names its tensors. Modules are named as in the weights file. */
export interface BackboneLayout {
  width: number;
  vocabulary: number;
  linears: LinearLayer[];
  norms: { module: string; width: number }[];
  sublayers: Sublayer[];
  /** Every tensor that the graph reads, once, with its dims. */
  weights: { name: string; dims: number[] }[];
}
