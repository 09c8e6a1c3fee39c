import type { BackboneChanges } from "../backbone/changes.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { LearningRateGroup } from "./learningRates.ts";
import type { MethodKind, SpecOf } from "./methodSpec.ts";
import type { MersenneTwister } from "../base/random.ts";
import type { Dim } from "../graph/dims.ts";
import type { Value } from "../graph/value.ts";

/** m and r of a method (r: bottleneck or rank; 0 where it has none), and how many trainable parameters they make. */
export interface MethodSizes {
  promptLength: number;
  bottleneck: number;
  count: number;
}

/**
 * What initialisation may look at: the frozen table (V, d) row-major, the tokens of the prompt's text, any tensor of
 * the backbone.
 */
export interface InitialisationSource {
  embedding: Float32Array;
  width: number;
  vocabularySize: number;
  promptIds: readonly number[];
  weight(name: string, dims: readonly number[]): Float32Array;
}

/**
 * A trainable tensor of a method. Dims may be symbolic ("P", the prompt length) so that one graph serves ablations too.
 */
export interface TensorSpec {
  name: string;
  dims: Dim[];
  sizes: number[];
  group: LearningRateGroup;
}

/** What a method's tensors depend on. */
export interface MethodShape<K extends MethodKind = MethodKind> {
  spec: SpecOf<K>;
  sizes: Omit<MethodSizes, "count">;
  layout: BackboneLayout;
}

/** What a method builds its part of the graph from. */
export interface MethodContext<K extends MethodKind = MethodKind> extends MethodShape<K> {
  parameter: (name: string) => Value;
  /** int32 (B, S) */
  ids: Value;
  /** int32 (S): a token's place in the text, prompt not counted */
  positions: Value;
  /** dropout factors (B, S, r) in training */
  hiddenMask: Value | undefined;
}

/**
 * A parameter-efficient method. A method is a value: adding one is one file, its keys in methodSpec.ts and one line in
 * registry.ts.
 */
export interface Method<K extends MethodKind = MethodKind> {
  readonly kind: K;
  /** Sizes where the experiment gives neither them nor a budget; undefined: the method has no such size. */
  readonly defaults: { promptLength?: number; bottleneck?: number };
  /** Trainable tensors; their counts are never stated anywhere else. */
  tensors(shape: MethodShape<K>): TensorSpec[];
  /** Values of one tensor at step 0, row-major. */
  initial(
    tensor: TensorSpec,
    shape: MethodShape<K>,
    source: InitialisationSource,
    random: MersenneTwister,
  ): Float32Array;
  /** E' (B, S, d) of the embedded text E (B, S, d). */
  embed?(embedded: Value, context: MethodContext<K>): Value;
  /** The prompt (P, d), where it is not the tensor `prompt` itself. */
  prompt?(context: MethodContext<K>): Value;
  /** What changes inside the backbone. */
  changes?(context: MethodContext<K>): Partial<BackboneChanges>;
  /** Hidden units per token that training drops out. */
  hiddenUnits?(shape: Pick<MethodShape<K>, "spec" | "sizes">): number;
  /** Which tensors to zero, or to shorten to no rows, to switch a component off. */
  readonly switches: Readonly<Record<string, { zero: readonly string[]; empty: readonly string[] }>>;
}
