import {
  add,
  broadcastTo,
  concat,
  crossEntropy,
  gather,
  log,
  mul,
  reduceSum,
  reshape,
  slice,
  softmax,
  sub,
} from "../graph/ops.ts";
import type { Dim } from "../graph/dims.ts";
import { gradients } from "../graph/gradient.ts";
import { scalar, input, type InputValue, type Value } from "../graph/value.ts";
import { T5Graph, type KeyValue } from "../backbone/t5/t5Graph.ts";
import type { T5Config } from "../backbone/t5/t5Config.ts";
import type { Method, MethodContext, MethodShape } from "../method/method.ts";
import { PROMPT } from "../method/prompt.ts";
import { methodOf } from "../method/registry.ts";

const rows = (x: Value, dims: [Value["shape"][number], Value["shape"][number]]): Value => reshape(x, [...dims]);

/** The graphs of a backbone under a method: encoder input with prompt and offset, loss, gradients, decoding. */
export class InputGraph {
  readonly parameters: ReadonlyMap<string, InputValue>;
  private readonly ids = input("ids", ["B", "S"], "int32");
  /** Length of the encoder's input: "P+S", or "S" where the method has no prompt. */
  private readonly length: Dim;
  private readonly mask: InputValue;

  private readonly positions = input("positions", ["S"], "int32");
  private readonly fed: boolean;
  private readonly folded: boolean;
  private readonly method: Method;
  private readonly t5: T5Graph;

  /**
   * @param drop dropout inside the backbone
   * @param embedded the encoder's input is fed whole, (B, S, d), with whatever a method makes of it
   * @param folded each token's embedding with its offset comes from a fed table, `foldedTable` (V, d)
   */
  constructor(
    config: T5Config,
    private readonly shape: MethodShape,
    {
      drop,
      embedded = false,
      folded = false,
    }: { drop?: (x: Value) => Value; embedded?: boolean; folded?: boolean } = {},
  ) {
    this.fed = embedded;
    this.folded = folded;
    this.method = methodOf(shape.spec.kind);
    this.parameters = new Map((embedded ? [] : this.method.tensors(shape)).map((t) => [t.name, input(t.name, t.dims)]));
    this.length = this.parameters.has(PROMPT) ? "P+S" : "S";
    this.mask = input("mask", ["B", this.length]);
    this.t5 = new T5Graph(config, {
      ...(embedded ? {} : this.method.changes?.(this.context(false))),
      ...(drop && { drop }),
    });
  }

  private context(dropout: boolean): MethodContext {
    const parameter = (name: string): Value => {
      const value = this.parameters.get(name);
      if (value === undefined) throw new Error(`the method has no tensor ${name}`);
      return value;
    };
    const hiddenMask = dropout
      ? input("hiddenMask", ["B", "S", this.method.hiddenUnits?.(this.shape) ?? 0])
      : undefined;
    return { ...this.shape, parameter, ids: this.ids, positions: this.positions, hiddenMask };
  }

  /** X = [P ; E'] (B, P+S, d): the prompt gets no offset. */
  private embedded(dropout: boolean): Value {
    if (this.fed) return input("embedded", ["B", "S", this.t5.config.width]);
    const context = this.context(dropout);
    const text = this.folded
      ? gather(input("foldedTable", [this.t5.config.vocabulary, this.t5.config.width]), this.ids)
      : this.text(context);
    if (!this.parameters.has(PROMPT)) return text;
    const prompt = this.method.prompt?.(context) ?? context.parameter(PROMPT);
    return concat([broadcastTo(prompt, ["B", "P", this.t5.config.width]), text], 1);
  }

  /** E' (B, S, d) of the text. */
  private text(context: MethodContext): Value {
    const embedded = gather(this.t5.table, this.ids);
    return this.method.embed?.(embedded, context) ?? embedded;
  }

  /** The encoder's input X alone. */
  input(): { embedded: Value } {
    return { embedded: this.embedded(false) };
  }

  private crossBias(): Value {
    return reshape(this.mask, ["B", 1, 1, this.length]);
  }

  private encoded(dropout: boolean): Value {
    const buckets = input("encoderBuckets", [this.length, this.length], "int32");
    return this.t5.encode(this.embedded(dropout), add(this.t5.positionBias("encoder", buckets), this.crossBias()));
  }

  /**
   * Whether reading the encoder's states themselves costs less for a target of this many tokens than making keys and
   * values of them.
   */
  isShort(targetLength: number): boolean {
    return this.t5.absorbs && targetLength * this.t5.config.heads <= this.t5.config.width;
  }

  private crossKeyValues(encoded: Value): KeyValue[] {
    return Array.from({ length: this.t5.config.decoderLayers }, (_, i) => this.t5.crossKeyValue(encoded, i));
  }

  /**
   * Logits (B, T, V) and encoder states (B, P+S, d), teacher-forced.
   * @param short targets are so short that cross-attention reads the states themselves
   */
  forward(dropout: boolean, short = false): { logits: Value; encoded: Value } {
    const encoded = this.encoded(dropout);
    const causal = input("causal", ["T", "T"]);
    const selfBias = add(
      this.t5.positionBias("decoder", input("decoderBuckets", ["T", "T"], "int32")),
      reshape(causal, [1, 1, "T", "T"]),
    );
    const { logits } = this.t5.decode(input("decoderIds", ["B", "T"], "int32"), {
      cross: short ? encoded : this.crossKeyValues(encoded),
      selfBias,
      crossBias: this.crossBias(),
    });
    return { logits, encoded };
  }

  /** Loss of each label token (B, T), 0 where padded. */
  tokenLosses(logits: Value): Value {
    const labels = input("labels", ["B", "T"], "int32");
    return rows(crossEntropy(reshape(logits, ["B*T", this.t5.config.vocabulary]), reshape(labels, ["B*T"])), [
      "B",
      "T",
    ]);
  }

  /**
   * Scaled loss and its gradient by every trainable tensor, as `grad:NAME`.
   * @param penalised the gradients are those of the loss and the offset penalty; the loss stays the task's own
   */
  step(
    dropout: boolean,
    { penalised = false, short = false }: { penalised?: boolean; short?: boolean } = {},
  ): Record<string, Value> {
    const loss = this.scaledLoss(this.forward(dropout, short).logits);
    return penalised ? { ...this.withGradients(add(loss, this.penalty(dropout))), loss } : this.withGradients(loss);
  }

  /** Sum of the squared offsets times `penaltyWeights` (B, S, 1), which are 0 where padded. */
  private penalty(dropout: boolean): Value {
    const offset = sub(this.text(this.context(dropout)), gather(this.t5.table, this.ids));
    return reduceSum(mul(mul(offset, offset), input("penaltyWeights", ["B", "S", 1])), [0, 1, 2]);
  }

  private scaledLoss(logits: Value): Value {
    return mul(reduceSum(this.tokenLosses(logits), [0, 1]), input("lossScale", []));
  }

  /**
   * The loss with a teacher's (Wang et al. 2023): L + w (KL(teacher || student) + mean squared distance of the
   * encoder's states of the text). Fed: `teacherProbabilities` (B, T, V) times the loss scale, 0 where padded;
   * `teacherEntropy` their sum of p ln p, scaled alike; `teacherStates` (B, S, d) and `stateScale` (B, S, 1), the root
   * of the mean's factor, 0 where padded; `distilWeight` w.
   */
  distil(): Record<string, Value> {
    const { logits, encoded } = this.forward(false);
    const { width, vocabulary } = this.t5.config;
    // The smallest addend that keeps ln finite where the student's share of a piece is 0 in fp32.
    const logShares = log(add(softmax(logits), scalar(1e-30)));
    const divergence = sub(
      input("teacherEntropy", []),
      reduceSum(mul(input("teacherProbabilities", ["B", "T", vocabulary]), logShares), [0, 1, 2]),
    );
    const text = this.parameters.has(PROMPT) ? slice(encoded, 1, "P", "P+S") : encoded;
    const apart = mul(sub(text, input("teacherStates", ["B", "S", width])), input("stateScale", ["B", "S", 1]));
    const taught = add(divergence, reduceSum(mul(apart, apart), [0, 1, 2]));
    return { ...this.withGradients(add(this.scaledLoss(logits), mul(input("distilWeight", []), taught))), taught };
  }

  private withGradients(loss: Value): Record<string, Value> {
    const names = [...this.parameters.keys()];
    const by = gradients(loss, [...this.parameters.values()]);
    const outputs: Record<string, Value> = { loss };
    by.forEach((g, i) => {
      if (g !== undefined) outputs[`grad:${names[i]!}`] = g;
    });
    return outputs;
  }

  /**
   * What decoding needs of the encoder: where targets are short its states, as `crossStates` (B, P+S, d), else each
   * decoder layer's cross keys and values.
   * @param states beside those the states too, as `encoded`
   */
  encode({ states, short }: { states: boolean; short: boolean }): Record<string, Value> {
    const encoded = this.encoded(false);
    if (short) return { crossStates: encoded };
    const cross = named("cross", this.crossKeyValues(encoded));
    return states ? { ...cross, encoded } : cross;
  }

  /** What `encode` gave, over X positions. */
  private kept(short: boolean): KeyValue[] | Value {
    return short ? input("crossStates", ["B", "X", this.t5.config.width]) : this.cached("cross", "X");
  }

  private cached(kind: string, length: string): KeyValue[] {
    const { heads, headWidth, decoderLayers } = this.t5.config;
    return Array.from({ length: decoderLayers }, (_, i) => ({
      key: input(`${kind}Key${i}`, ["B", heads, length, headWidth]),
      value: input(`${kind}Value${i}`, ["B", heads, length, headWidth]),
    }));
  }

  /** Loss of each token of a given target (B, T) over what `encode` gave. */
  targetLosses(short: boolean): Record<string, Value> {
    const selfBias = add(
      this.t5.positionBias("decoder", input("decoderBuckets", ["T", "T"], "int32")),
      reshape(input("causal", ["T", "T"]), [1, 1, "T", "T"]),
    );
    const crossBias = reshape(input("crossMask", ["B", "X"]), ["B", 1, 1, "X"]);
    return {
      losses: this.tokenLosses(
        this.t5.decode(input("decoderIds", ["B", "T"], "int32"), { cross: this.kept(short), selfBias, crossBias })
          .logits,
      ),
    };
  }

  /** One decoding step over what `encode` gave and the decoder's own keys and values (K past positions). */
  decodeStep(short: boolean): Record<string, Value> {
    const selfBias = this.t5.positionBias("decoder", input("decoderBuckets", [1, "K+1"], "int32"));
    const crossBias = reshape(input("crossMask", ["B", "X"]), ["B", 1, 1, "X"]);
    const { logits, present } = this.t5.decode(input("decoderIds", ["B", 1], "int32"), {
      cross: this.kept(short),
      past: this.cached("past", "K"),
      selfBias,
      crossBias,
    });
    return { logits, ...named("present", present) };
  }
}

function named(kind: string, layers: KeyValue[]): Record<string, Value> {
  return Object.fromEntries(
    layers.flatMap(({ key, value }, i) => [
      [`${kind}Key${i}`, key],
      [`${kind}Value${i}`, value],
    ]),
  );
}
