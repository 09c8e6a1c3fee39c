import { add, crossEntropy, gather, log, mul, reduceSum, reshape, slice, softmax, sub } from "../graph/ops.ts";
import { productDim } from "../graph/dims.ts";
import { gradients } from "../graph/gradient.ts";
import { expanded } from "../graph/fused.ts";
import { recomputeActivations } from "../graph/recompute.ts";
import { recomputeLayers } from "../graph/recomputeLayers.ts";
import { input, scalar, type FusedName, type InputValue, type Value } from "../graph/value.ts";
import type { Architecture } from "../backbone/family.ts";
import {
  inputOf,
  type InputEmbedding,
  type Plan,
  type SequenceGraph,
  type StepForm,
  type Tokens,
} from "../backbone/sequenceGraph.ts";
import type { Method, MethodContext, MethodShape, MethodTensors, OffsetForm } from "../method/method.ts";
import { PROMPT } from "../method/prompt.ts";
import { isFixed } from "../method/fixed.ts";
import { methodOf } from "../method/registry.ts";

/**
 * Where the embedded input comes from. "method": the method's prompt and offsets. "table": the method's prompt, and
 * rows of the fed `foldedTable` (V, d), each token's embedding with its offset. "given": the fed `inputEmbeddings` (B,
 * S, d) are the whole input, and the method is not applied; tokens behind the text are fed as `continuedEmbeddings`
 * (B, U, d).
 */
export type InputSource = "method" | "table" | "given";

/** What a graph's values depend on besides backbone and method. */
export interface MethodGraphOptions {
  drop?: (x: Value) => Value;
  source?: InputSource;
  fused?: ReadonlySet<FusedName>;
}

/** What a graph is for: offsets may be on other tokens in training than in evaluation and generation. */
interface Use {
  dropout: boolean;
  use: keyof NonNullable<OffsetForm["scope"]>;
}
const PREDICTION: Use = { dropout: false, use: "generation" };

/**
 * What the backward pass computes a second time, to keep less between the passes: "activations", in no more time; or
 * "layers", all but each layer's input, in about a third more time.
 */
export type Recompute = "activations" | "layers";

/** Added to the student's probabilities before ln, since fp32 rounds small ones to 0. */
const LEAST_SHARE = 1e-30;

/** The sum of all values of x. */
const sumAll = (x: Value): Value =>
  reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );

/** The graphs of a backbone with a method: losses, gradients, and the steps of decoding. */
export class MethodGraph {
  readonly parameters: ReadonlyMap<string, InputValue>;
  private readonly method: Method;
  private readonly tensors: MethodTensors;
  private readonly sequence: SequenceGraph;
  private readonly source: InputSource;
  private readonly fused: ReadonlySet<FusedName>;
  /** The tensors that gradients are taken by. */
  private readonly trained: readonly string[];
  /** Which tokens get offsets, where it is not all of them. */
  private readonly scope: OffsetForm["scope"];

  /** @param options drop: applies dropout inside the backbone; fused: the fused operations that the engine has */
  constructor(
    architecture: Architecture,
    shape: MethodShape,
    { drop, source = "method", fused = new Set() }: MethodGraphOptions = {},
  ) {
    this.source = source;
    this.fused = fused;
    this.method = methodOf(shape.spec.kind);
    const specs = source === "given" ? [] : this.method.tensors(shape);
    this.parameters = new Map(specs.map((t) => [t.name, input(t.name, t.dims)]));
    this.trained = specs.filter((tensor) => !isFixed(tensor)).map(({ name }) => name);
    // An encoder-decoder adds no offsets to targets in any case.
    this.scope = shape.layout.isCausal ? this.method.offsets?.(shape.spec).scope : undefined;
    this.tensors = { ...shape, parameter: (name) => this.parameter(name) };
    const changes = source === "given" ? {} : this.method.changes?.(this.tensors);
    this.sequence = architecture.graph({ ...changes, ...(drop && { drop }) });
  }

  private parameter(name: string): Value {
    const value = this.parameters.get(name);
    if (value === undefined) throw new Error(`the method has no tensor ${name}`);
    return value;
  }

  /** Whether graphs over text and target read `textMask` (B, N, 1): 1 for a token of the text, 0 behind it. */
  get readsTextMask(): boolean {
    return this.source === "method" && (this.scope?.training === "text" || this.scope?.generation === "text");
  }

  /**
   * How the input is embedded.
   * @param dropout whether the method's hidden units are multiplied by the fed dropout factors `hiddenMask`
   */
  private embedding({ dropout, use }: Use): InputEmbedding {
    const { width, vocabulary } = this.tensors.layout;
    if (this.source === "given")
      return {
        text: ({ ids }) => input("inputEmbeddings", [...ids.shape, width]),
        continued: ({ ids }) => input("continuedEmbeddings", [...ids.shape, width]),
      };
    const prompt = this.parameters.has(PROMPT)
      ? (this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT))
      : undefined;
    if (this.source === "method") {
      const isRaw = this.scope?.[use] === "text";
      return {
        prompt,
        text: (tokens) => this.text(tokens, { dropout, use }),
        ...(isRaw && { continued: ({ ids }: Tokens) => this.sequence.embedded(ids) }),
      };
    }
    const table = input("foldedTable", [vocabulary, width]);
    return { prompt, text: ({ ids }) => gather(table, ids) };
  }

  /** E' (B, N, d) of tokens; where offsets are for texts alone, those of text and target are told apart by a mask. */
  private text(tokens: Tokens, { dropout, use }: Use): Value {
    const { ids, places } = tokens;
    const units = this.method.hiddenUnits?.(this.tensors) ?? 0;
    const context: MethodContext = {
      ...this.tensors,
      ids,
      positions: places,
      hiddenMask: dropout ? input("hiddenMask", [...ids.shape, units]) : undefined,
    };
    const embedded = this.sequence.embedded(ids);
    const changed = this.method.embed?.(embedded, context) ?? embedded;
    if (this.scope?.[use] !== "text" || tokens !== this.sequence.tokens) return changed;
    const isText = input("textMask", [...ids.shape, 1]);
    return add(mul(changed, isText), mul(embedded, sub(scalar(1), isText)));
  }

  /** The embedded input X alone. */
  input(): { embedded: Value } {
    return { embedded: inputOf(this.embedding(PREDICTION), this.sequence.text) };
  }

  /** The family's fastest plan for batches whose longest target has `targetLength` tokens. */
  plan(targetLength: number): Plan {
    return this.sequence.plan(targetLength);
  }

  /** Logits (.., V) of the labels and states (B, P+S, d) of prompt and text, teacher-forced. */
  forward(dropout: boolean, plan: Plan, use: Use["use"] = "training"): { logits: Value; states: Value } {
    return this.sequence.forward(this.embedding({ dropout, use }), plan);
  }

  /** Loss of each label (..) of the family's label shape, 0 where padded. */
  tokenLosses(logits: Value): Value {
    const { labelShape } = this.sequence;
    const labels = input("labels", labelShape, "int32");
    const all = productDim(labelShape);
    const flat = reshape(logits, [all, this.tensors.layout.vocabulary]);
    return reshape(crossEntropy(flat, reshape(labels, [all])), labelShape);
  }

  /** The loss of each label, without gradients, teacher-forced. */
  losses(plan: Plan): Record<string, Value> {
    return { losses: this.tokenLosses(this.forward(false, plan, "generation").logits) };
  }

  /**
   * The scaled loss, and its gradient by every trainable tensor as `grad:NAME`.
   * @param penalised whether the gradients include the offset penalty; `loss` is the task's loss in either case
   */
  step(
    plan: Plan,
    {
      dropout = false,
      penalised = false,
      recompute = "activations",
    }: { dropout?: boolean; penalised?: boolean; recompute?: Recompute } = {},
  ): Record<string, Value> {
    const loss = this.scaledLoss(this.forward(dropout, plan).logits);
    const descended = penalised ? add(loss, this.penalty(dropout)) : loss;
    return { ...this.withGradients(descended, recompute), loss };
  }

  /**
   * The sum of squared offsets, each times the fed `penaltyWeights` (B, N, 1): the penalty divided by the sum of
   * squared embeddings, 0 for padded tokens.
   */
  private penalty(dropout: boolean): Value {
    const { tokens } = this.sequence;
    const offset = sub(this.text(tokens, { dropout, use: "training" }), this.sequence.embedded(tokens.ids));
    const weights = input("penaltyWeights", [...tokens.ids.shape, 1]);
    return reduceSum(mul(mul(offset, offset), weights), [0, 1, 2]);
  }

  private scaledLoss(logits: Value): Value {
    return mul(sumAll(this.tokenLosses(logits)), input("lossScale", []));
  }

  /**
   * The loss of distillation (Wang et al. 2023): L + w (KL(teacher || student) + mean squared distance of the states of
   * the text). Inputs: `teacherProbabilities` (.., V) of the labels times the loss scale, 0 where padded;
   * `teacherEntropy`, the sum of p ln p, scaled alike; `teacherStates` (B, S, d); `stateScale` (B, S, 1), the square
   * root of the mean's factor, 0 where padded; `distilWeight` w.
   */
  distil(): Record<string, Value> {
    const { logits, states } = this.forward(false, "");
    const { width, vocabulary } = this.tensors.layout;
    const logShares = log(add(softmax(logits), scalar(LEAST_SHARE)));
    const divergence = sub(
      input("teacherEntropy", []),
      sumAll(mul(input("teacherProbabilities", [...this.sequence.labelShape, vocabulary]), logShares)),
    );
    const text = this.parameters.has(PROMPT) ? slice(states, 1, "P", "P+S") : states;
    const apart = mul(sub(text, input("teacherStates", ["B", "S", width])), input("stateScale", ["B", "S", 1]));
    const taught = add(divergence, reduceSum(mul(apart, apart), [0, 1, 2]));
    return { ...this.withGradients(add(this.scaledLoss(logits), mul(input("distilWeight", []), taught))), taught };
  }

  private withGradients(loss: Value, recompute: Recompute = "activations"): Record<string, Value> {
    const names = this.trained;
    const by = gradients(
      loss,
      names.map((name) => this.parameters.get(name)!),
    );
    const outputs: Record<string, Value> = { loss };
    by.forEach((g, i) => {
      if (g !== undefined) outputs[`grad:${names[i]!}`] = g;
    });
    const primitive = expanded(outputs, this.fused);
    return recompute === "layers" ? recomputeLayers(primitive, "loss") : recomputeActivations(primitive, "loss");
  }

  /** Prompt and text read once; see SequenceGraph.prefill. */
  prefill(plan: Plan): { kept: Record<string, Value>; states: Value } {
    return this.sequence.prefill(this.embedding(PREDICTION), plan);
  }

  /** The rest of texts whose start was read apart; see SequenceGraph.prefillBehind. */
  prefillBehind(): Record<string, Value> {
    const read = this.sequence.prefillBehind?.(this.embedding(PREDICTION));
    if (read === undefined) throw new Error("this family cannot read a text in parts");
    return read.kept;
  }

  /** Loss of each label of a given target, from the outputs of `prefill`, or of `prefillBehind`. */
  targetLosses(plan: Plan, isBehind = false): Record<string, Value> {
    return { losses: this.tokenLosses(this.sequence.resume(this.embedding(PREDICTION), plan, isBehind)) };
  }

  /** One decoding step from what was kept of a text: `logits` (B, 1, V) and the next step's cache. */
  decodeStep(plan: Plan, form: StepForm = {}): Record<string, Value> {
    const { logits, cache } = this.sequence.step(this.embedding(PREDICTION), plan, form);
    return { logits, ...cache };
  }
}
