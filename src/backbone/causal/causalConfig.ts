import type { DefaultTargets } from "../layout.ts";

/**
 * How the frequencies of a rotation are changed for texts longer than those of pre-training. `original` is the length
 * (in tokens) of pre-training; the types are those of Hugging Face's `rope_type`.
 */
export type RotationScaling =
  | { type: "default" }
  | { type: "linear"; factor: number }
  | { type: "dynamic"; factor: number; original: number }
  | { type: "llama3"; factor: number; low: number; high: number; original: number }
  | {
      type: "yarn";
      factor: number;
      original: number;
      fast: number;
      slow: number;
      /** Factor of cosines and sines. */
      attention: number;
      /** Whether the ends of the ramp between the two kinds of pairs are rounded to whole pairs. */
      truncate: boolean;
    }
  | { type: "longrope"; short: number[]; long: number[]; original: number; attention: number };

/** Rotary positions (Su et al. 2021) of queries and keys. */
export interface Rotation {
  theta: number;
  /** The dims of a head that rotate, from the first on; even. */
  width: number;
  /** The dims that exponents of frequencies count where they are one less than `width`, which was rounded up. */
  span?: number;
  /** Which dims form a pair: i and i + width / 2, or neighbours 2i and 2i + 1. */
  pairs: "halves" | "neighbours";
  scaling: RotationScaling;
}

/** A layer's own choices. */
export interface LayerChoice {
  /** A query sees the keys of its own place and of `window` - 1 places before; absent: all before. */
  window?: number;
  /** Index of its rotation among the config's; absent: queries and keys are not rotated. */
  rotation?: number;
  /** Factor of the scores q k in place of the config's. */
  scoreFactor?: number;
}

/** A projection of queries, keys or values, inside a fused layer. */
export type AttentionPart = "query" | "key" | "value";

/**
 * The layers that make queries, keys and values. The output of a fused one has `groups` equal blocks, each with its
 * heads of the parts in the given order.
 */
export type AttentionInput =
  | { kind: "apart"; query: string; key: string; value: string }
  | { kind: "fused"; module: string; groups: number; order: readonly AttentionPart[] };

/**
 * The layers of a feed-forward: down(act(gate x) * up x), with gate and up apart or stored as one layer, or
 * down(act(up x)).
 */
export type FeedForwardInput =
  { kind: "gated"; gate: string; up: string } | { kind: "fused-gated"; module: string } | { kind: "plain"; up: string };

/** Names of the tensors, as in the weights file; modules of a layer are relative to it. */
export interface CausalNames {
  /** The embedding table, with ".weight". */
  embedding: string;
  /** The table of learned positions, with ".weight". */
  positions?: string;
  /** Prefix of a layer, before its index. */
  layers: string;
  attention: string;
  attentionInput: AttentionInput;
  attentionOutput: string;
  /** Norms of queries and keys. */
  queryNorm?: string;
  keyNorm?: string;
  feedForward: string;
  feedForwardInput: FeedForwardInput;
  feedForwardOutput: string;
  /** Norms of a sublayer's input and of its output, before it is added; the two sublayers may share the first. */
  norms: {
    attentionInput?: string;
    attentionOutput?: string;
    feedForwardInput?: string;
    feedForwardOutput?: string;
  };
  finalNorm: string;
  head: string;
}

/** The layers that have a bias. */
export interface CausalBiases {
  attentionInput: boolean;
  attentionOutput: boolean;
  feedForward: boolean;
  head: boolean;
}

/** A decoder-only architecture as a table of choices, with the sizes of one model: plain data. */
export interface CausalConfig {
  vocabulary: number;
  width: number;
  /** Hidden units of a feed-forward. */
  hidden: number;
  heads: number;
  /** Heads of keys and values; each serves heads / keyValueHeads heads of queries. */
  keyValueHeads: number;
  headWidth: number;
  layers: LayerChoice[];
  rotations: Rotation[];
  /** Rows of the table of learned positions; absent: there is none. */
  positions?: number;
  /** The most tokens that the model was made for, prompt included; absent: not known. */
  longest?: number;
  /**
   * "rms": x / rms(x) times the weight; "rms-one": times 1 + weight; "layer": layer norm with weight and bias.
   */
  norm: "rms" | "rms-one" | "layer";
  epsilon: number;
  /** What a norm of queries and keys runs over: each head, or all heads together. */
  headNorm?: "head" | "all";
  /** Whether both sublayers read the same state: x + attention(n1 x) + feedForward(n2 x). */
  parallel: boolean;
  activation: "silu" | "gelu" | "gelu-tanh" | "relu";
  /** Factor of the scores q k. */
  scoreFactor: number;
  /** Bound c of scores and of logits: c tanh(x / c). */
  scoreCap?: number;
  logitCap?: number;
  /** Factor of the embedding table's rows. */
  embeddingScale: number;
  biases: CausalBiases;
  /** Where dropout is applied in training besides the attention's shares. */
  dropout: { embedding: boolean; sublayers: boolean };
  /** Whether the weights file has the layers' linear weights as (in, out) instead of (out, in). */
  isTransposed: boolean;
  /** Whether the head multiplies by the embedding table. */
  tied: boolean;
  /** The tokens that end a generated text, and the token that fills rows that have ended. */
  ends: number[];
  pad: number;
  names: CausalNames;
  defaultTargets: DefaultTargets;
}
