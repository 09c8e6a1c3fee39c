import type * as z from "zod";
import type { MersenneTwister } from "../base/random.ts";
import type { BackboneChanges } from "../backbone/changes.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { Dim } from "../graph/dims.ts";
import type { Value } from "../graph/value.ts";
import type { FIXED } from "./fixed.ts";
import type { FoldForm } from "./foldForm.ts";
import type { PeftForm } from "./peftForm.ts";
import type { AnySizes, AnySpec, Sizes, Trained } from "./trained.ts";

/** One size of a method. The sizes of a budget are solved in the order in which a method declares them. */
export interface SizeForm {
  /** The value where the experiment gives neither the size nor a budget. */
  default: number;
  /** The smallest value that a budget is solved for. */
  least: number;
  /** Share of the budget that the size takes where sizes after it are solved for too. */
  share?: number;
}

/** A group of tensors that share a learning rate. */
export interface LearningRateGroupForm {
  /** Default peak learning rate. */
  rate: number;
  description: string;
}

/** The values that initialisation can use. */
export interface InitialisationSource {
  /** A token's embedding (width): its row of the table times the layout's `embeddingScale`. */
  embedding(id: number): Float32Array;
  width: number;
  vocabularySize: number;
  /** The tokens of the prompt's initial text. */
  promptIds: readonly number[];
  /** Any tensor of the backbone, row-major. */
  weight(name: string, dims: readonly number[]): Float32Array;
  /** How often the training split has each token (vocabulary), as the method embeds it; left out: not known. */
  tokenCounts?(): Uint32Array;
}

/** A trainable tensor of a method. */
export interface TensorSpec<Group extends string = string> {
  name: string;
  /** Dims may be symbolic ("P", the prompt length) so that one graph serves ablations too. */
  dims: Dim[];
  sizes: number[];
  /** The learning-rate group; "fixed" for a tensor that is computed at step 0 and never trained. */
  group: Group | typeof FIXED;
}

/** The options and sizes of a method, and the backbone's layout: its tensors depend on nothing else. */
export interface MethodShape<Spec = AnySpec, Named = AnySizes> {
  spec: Spec;
  sizes: Named;
  layout: BackboneLayout;
}

/** A method's tensors as graph values. */
export interface MethodTensors<Spec = AnySpec, Named = AnySizes> extends MethodShape<Spec, Named> {
  parameter: (name: string) => Value;
}

/** The values that a method computes its offsets from, for N tokens per row. */
export interface MethodContext<Spec = AnySpec, Named = AnySizes> extends MethodTensors<Spec, Named> {
  /** int32 (B, N) */
  ids: Value;
  /** int32 (N) or (B, N): a token's place in the text, prompt not included. */
  positions: Value;
  /** dropout factors (B, N, hidden units) in training */
  hiddenMask: Value | undefined;
}

/** The offsets that a method adds to the embedded text. */
export interface OffsetForm {
  /**
   * What a token's offset depends on: its embedding alone, or its id (with its embedding or without); undefined: no
   * offset by token.
   */
  tokens: "embedding" | "id" | undefined;
  /** Which tokens of a causal model get offsets in training steps, and in evaluation and generation. Left out: all. */
  scope?: { training: "all" | "text"; generation: "all" | "text" } | undefined;
  /** The learning-rate group that decides on the length of the offsets. */
  group: string;
}

/** Regularisation that training applies for a method; 0 switches each off. */
export interface Regularisation {
  /** Dropout rate of the method's hidden units. */
  hiddenDropout: number;
  /** Factor of the mean squared offset over the mean squared embedding in the loss. */
  offsetPenalty: number;
}

/** The hidden layer that makes offsets of embeddings. */
export interface HiddenLayer {
  /** What the layer reads of embeddings (n, width); left out: they themselves. */
  input?(rows: Float32Array): Float32Array;
  /** (width, units), row-major */
  weight: Float32Array;
  bias: Float32Array | undefined;
  units: number;
  /** Whether a ReLU switches its units on and off. */
  isSwitched: boolean;
}

/** How a component is switched off: the tensors to set to zero, to one, and to cut to no rows. */
export interface ComponentSwitch {
  zero: readonly string[];
  one?: readonly string[];
  empty: readonly string[];
}

/** How a method is trained from teachers on several source tasks, instead of from the start values. */
export interface Distillation<Spec = AnySpec> {
  /** The kind of method that teachers are runs of. */
  teacher: string;
  /** The student's options, from the options and sizes of the first teacher. */
  student(teacher: AnySpec, sizes: AnySizes): Spec;
}

/**
 * A complete parameter-efficient method. A method is a value: adding one is one file and its entry in registry.ts.
 * Generic over its schema and the names of its sizes and learning-rate groups; the rest of the program reads these
 * fields and never branches on the kind.
 */
export interface Method<
  Schema extends z.ZodType<AnySpec> = z.ZodType<AnySpec>,
  Size extends string = string,
  Group extends string = string,
  Spec extends AnySpec = z.output<Schema>,
  Named extends AnySizes = string extends Size ? AnySizes : Sizes<Size>,
> {
  readonly kind: Spec["kind"];
  /** One line for the command line. */
  readonly summary: string;
  /** The options that an experiment file can set; a size is a key of the same name. */
  readonly schema: Schema;
  readonly sizes: Readonly<Record<Size, SizeForm>>;
  readonly groups: Readonly<Record<Group, LearningRateGroupForm>>;
  /** The groups of which the method has tensors under these options; if absent, all. */
  groupsOf?(spec: Spec): readonly Group[];

  /**
   * The linear layers that it changes, by last parts of their names, for each of its options that names some; the
   * layout's defaults where an option is left out.
   */
  targets?(spec: Spec, layout: BackboneLayout): Readonly<Record<string, readonly string[]>>;
  /** The trainable tensors. Parameters are counted from them only. */
  tensors(shape: MethodShape<Spec, Named>): TensorSpec<Group>[];
  /** The values of one tensor at step 0, row-major. */
  initial(
    tensor: TensorSpec,
    shape: MethodShape<Spec, Named>,
    source: InitialisationSource,
    random: MersenneTwister,
  ): Float32Array;

  /**
   * The factor that the method multiplies a tensor by, where its options set one: values of another run or file with
   * another factor are rescaled before training starts from them. Left out: 1 for every tensor.
   */
  factorOf?(trained: Trained<Spec, Named>, tensor: string): number;
  /** The groups whose learning rates are in units of the embedding; left out: none. */
  rateUnits?(spec: Spec): readonly string[];

  /** E' (B, N, d) of the embedded text E (B, N, d). */
  embed?(embedded: Value, context: MethodContext<Spec, Named>): Value;
  /** The prompt (P, d), where it is not the tensor `prompt` itself. */
  prompt?(context: MethodTensors<Spec, Named>): Value;
  /** The method's changes inside the backbone. */
  changes?(context: MethodTensors<Spec, Named>): Partial<BackboneChanges>;
  /** For each component that can be switched off: the tensors to set to zero, to one, and to cut to no rows. */
  readonly switches: Readonly<Record<string, ComponentSwitch>>;

  /** Whether it acts on the backbone's input only, and not inside it. */
  readonly isInputSide: boolean;
  /** Whether it trains the backbone's own weights, which are then neither frozen nor shared. */
  readonly trainsBackbone?: boolean;
  /**
   * Whether its runs serve as the control of the position-shift analysis: nothing in it depends on a place in the text.
   */
  readonly isShiftControl?: boolean;
  /** The offsets that it adds to the embedded text; left out: a method without offsets. */
  offsets?(spec: Spec): OffsetForm;
  /**
   * Rows of its position table: the most tokens that it can give an offset. In a causal model the target's tokens and
   * generated ones count too.
   */
  positionRows?(spec: Spec, layout: BackboneLayout): number | undefined;
  /** The hidden layer that computes its offsets, if one does. */
  hiddenLayer?(trained: Trained<Spec, Named>): HiddenLayer | undefined;

  /** Hidden units per token that dropout applies to in training. */
  hiddenUnits?(shape: Pick<MethodShape<Spec, Named>, "spec" | "sizes">): number;
  regularisation?(spec: Spec): Regularisation;
  readonly distillation?: Distillation<Spec>;

  /** How its adapter folder is written and read. */
  readonly peft: PeftForm<Spec, Named>;
  /** How it is folded into plain tensors of its backbone. */
  readonly fold: FoldForm<Spec, Named>;
}
