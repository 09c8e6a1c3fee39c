import type { MethodSpec } from "../experiment/experiment.ts";
import type { Dim } from "../graph/dims.ts";
import type { Value } from "../graph/value.ts";
import type { MersenneTwister } from "../experiment/random.ts";

/** m and r of a method, and how many trainable parameters they make. */
export interface MethodSizes { promptLength: number; bottleneck: number; count: number }

/** What initialisation may look at: the frozen table (V, d) row-major and the tokens of the prompt's text. */
export interface InitialisationSource { embedding: Float32Array; width: number; vocabularySize: number; promptIds: readonly number[] }

/** A trainable tensor of a method. Dims may be symbolic ("P", the prompt length) so that one graph serves ablations too. */
export interface TensorSpec { name: string; dims: Dim[]; sizes: number[]; group: string }

/** A parameter-efficient method on the embedded input. A method is a value: adding one is one file and one line in registry.ts. */
export interface Method {
  readonly kind: MethodSpec["kind"];
  /** Trainable tensors at prompt length m, bottleneck r and width d. */
  tensors(sizes: MethodSizes, width: number): TensorSpec[];
  /** Values of one tensor at step 0, row-major. */
  initial(tensor: TensorSpec, spec: MethodSpec, source: InitialisationSource, random: MersenneTwister): Float32Array;
  /** E' (B, S, d) of the embedded text E (B, S, d). @param hiddenMask dropout factors (B, S, r) in training */
  embed(embedded: Value, parameters: ReadonlyMap<string, Value>, hiddenMask?: Value): Value;
  /** Which tensors to zero, or to shorten to no rows, to switch a component off. */
  readonly switches: Readonly<Record<string, { zero: readonly string[]; empty: readonly string[] }>>;
}
