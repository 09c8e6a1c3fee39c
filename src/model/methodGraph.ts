import { add, crossEntropy, gather, log, mul, reduceSum, reshape, slice, softmax, sub } from "../graph/ops.ts";
import { productDim } from "../graph/dims.ts";
import { gradients } from "../graph/gradient.ts";
import { expanded } from "../graph/fused.ts";
import { recomputeActivations } from "../graph/recompute.ts";
import { recomputeLayers } from "../graph/recomputeLayers.ts";
import { input, scalar, type FusedName, type InputValue, type Value } from "../graph/value.ts";
import type { Architecture } from "../backbone/family.ts";
import { inputOf, type InputEmbedding, type Plan, type SequenceGraph, type Tokens } from "../backbone/sequenceGraph.ts";
import type { Method, MethodContext, MethodShape, MethodTensors } from "../method/method.ts";
import { PROMPT } from "../method/prompt.ts";
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
    this.tensors = { ...shape, parameter: (name) => this.parameter(name) };
    const changes = source === "given" ? {} : this.method.changes?.(this.tensors);
    this.sequence = architecture.graph({ ...changes, ...(drop && { drop }) });
  }

  private parameter(name: string): Value {
    const value = this.parameters.get(name);
    if (value === undefined) throw new Error(`the method has no tensor ${name}`);
    return value;
  }

  /**
   * How the input is embedded.
   * @param dropout whether the method's hidden units are multiplied by the fed dropout factors `hiddenMask`
   */
  private embedding(dropout: boolean): InputEmbedding {
    const { width, vocabulary } = this.tensors.layout;
    if (this.source === "given")
      return {
        text: ({ ids }) => input("inputEmbeddings", [...ids.shape, width]),
        continued: ({ ids }) => input("continuedEmbeddings", [...ids.shape, width]),
      };
    const prompt = this.parameters.has(PROMPT)
      ? (this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT))
      : undefined;
    if (this.source === "method") return { prompt, text: (tokens) => this.text(tokens, dropout) };
    const table = input("foldedTable", [vocabulary, width]);
    return { prompt, text: ({ ids }) => gather(table, ids) };
  }

  /** E' (B, N, d) of tokens. */
  private text({ ids, places }: Tokens, dropout: boolean): Value {
    const units = this.method.hiddenUnits?.(this.tensors) ?? 0;
    const context: MethodContext = {
      ...this.tensors,
      ids,
      positions: places,
      hiddenMask: dropout ? input("hiddenMask", [...ids.shape, units]) : undefined,
    };
    const embedded = this.sequence.embedded(ids);
    return this.method.embed?.(embedded, context) ?? embedded;
  }

  /** The embedded input X alone. */
  input(): { embedded: Value } {
    return { embedded: inputOf(this.embedding(false), this.sequence.text) };
  }

  /** The family's fastest plan for batches whose longest target has `targetLength` tokens. */
  plan(targetLength: number): Plan {
    return this.sequence.plan(targetLength);
  }

  /** Logits (.., V) of the labels and states (B, P+S, d) of prompt and text, teacher-forced. */
  forward(dropout: boolean, plan: Plan): { logits: Value; states: Value } {
    return this.sequence.forward(this.embedding(dropout), plan);
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
    return { losses: this.tokenLosses(this.forward(false, plan).logits) };
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
    const offset = sub(this.text(tokens, dropout), this.sequence.embedded(tokens.ids));
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
    const names = [...this.parameters.keys()];
    const by = gradients(loss, [...this.parameters.values()]);
    const outputs: Record<string, Value> = { loss };
    by.forEach((g, i) => {
      if (g !== undefined) outputs[`grad:${names[i]!}`] = g;
    });
    const primitive = expanded(outputs, this.fused);
    return recompute === "layers" ? recomputeLayers(primitive, "loss") : recomputeActivations(primitive, "loss");
  }

  /** Prompt and text read once; see SequenceGraph.prefill. */
  prefill(plan: Plan): { kept: Record<string, Value>; states: Value } {
    return this.sequence.prefill(this.embedding(false), plan);
  }

  /** Loss of each label of a given target, from the outputs of `prefill`. */
  targetLosses(plan: Plan): Record<string, Value> {
    return { losses: this.tokenLosses(this.sequence.resume(this.embedding(false), plan)) };
  }

  /** One decoding step from the outputs of `prefill`: `logits` (B, 1, V) and the next step's cache. */
  decodeStep(plan: Plan): Record<string, Value> {
    const { logits, cache } = this.sequence.step(this.embedding(false), plan);
    return { logits, ...cache };
  }
}
