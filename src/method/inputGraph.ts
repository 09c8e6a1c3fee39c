import { add, broadcastTo, concat, crossEntropy, gather, mul, reduceSum, reshape } from "../graph/ops.ts";
import { gradients } from "../graph/gradient.ts";
import { input, type InputValue, type Value } from "../graph/value.ts";
import type { KeyValue, T5Graph } from "../backbone/t5Graph.ts";
import type { Method, MethodSizes } from "./method.ts";

const LENGTH = "P+S";
const rows = (x: Value, dims: [Value["shape"][number], Value["shape"][number]]): Value => reshape(x, [...dims]);

/** The graphs of a backbone under a method: encoder input with prompt and offset, loss, gradients, decoding. */
export class InputGraph {
  readonly parameters: ReadonlyMap<string, InputValue>;
  private readonly ids = input("ids", ["B", "S"], "int32");
  private readonly mask = input("mask", ["B", LENGTH]);

  constructor(private readonly t5: T5Graph, private readonly method: Method, private readonly sizes: MethodSizes) {
    this.parameters = new Map(method.tensors(sizes, t5.config.width).map((t) => [t.name, input(t.name, t.dims)]));
  }

  /** X = [P ; E'] (B, P+S, d): the prompt gets no offset. */
  private embedded(dropout: boolean): Value {
    const d = this.t5.config.width;
    const hiddenMask = dropout ? input("hiddenMask", ["B", "S", this.sizes.bottleneck]) : undefined;
    const text = this.method.embed(gather(this.t5.table, this.ids), this.parameters, hiddenMask);
    const prompt = this.parameters.get("prompt");
    return prompt === undefined ? text : concat([broadcastTo(prompt, ["B", "P", d]), text], 1);
  }

  private crossBias(): Value { return reshape(this.mask, ["B", 1, 1, LENGTH]); }

  private encoded(dropout: boolean): Value {
    const buckets = input("encoderBuckets", [LENGTH, LENGTH], "int32");
    return this.t5.encode(this.embedded(dropout), add(this.t5.positionBias("encoder", buckets), this.crossBias()));
  }

  private crossKeyValues(encoded: Value): KeyValue[] {
    return Array.from({ length: this.t5.config.decoderLayers }, (_, i) => this.t5.crossKeyValue(encoded, i));
  }

  /** Logits (B, T, V) and encoder states (B, P+S, d), teacher-forced. */
  forward(dropout: boolean): { logits: Value; encoded: Value } {
    const encoded = this.encoded(dropout);
    const causal = input("causal", ["T", "T"]);
    const selfBias = add(this.t5.positionBias("decoder", input("decoderBuckets", ["T", "T"], "int32")), reshape(causal, [1, 1, "T", "T"]));
    const { logits } = this.t5.decode(input("decoderIds", ["B", "T"], "int32"), { cross: this.crossKeyValues(encoded), selfBias, crossBias: this.crossBias() });
    return { logits, encoded };
  }

  /** Loss of each label token (B, T), 0 where padded. */
  tokenLosses(logits: Value): Value {
    const labels = input("labels", ["B", "T"], "int32");
    return rows(crossEntropy(reshape(logits, ["B*T", this.t5.config.vocabulary]), reshape(labels, ["B*T"])), ["B", "T"]);
  }

  /** Scaled loss and its gradient by every trainable tensor, as `grad:NAME`. */
  step(dropout: boolean): Record<string, Value> {
    const loss = mul(reduceSum(this.tokenLosses(this.forward(dropout).logits), [0, 1]), input("lossScale", []));
    const names = [...this.parameters.keys()];
    const by = gradients(loss, [...this.parameters.values()]);
    const outputs: Record<string, Value> = { loss };
    by.forEach((g, i) => { if (g !== undefined) outputs[`grad:${names[i]!}`] = g; });
    return outputs;
  }

  /** What decoding needs of the encoder: each decoder layer's cross keys and values. */
  encode(): Record<string, Value> { return named("cross", this.crossKeyValues(this.encoded(false))); }

  /** One decoding step over cached keys and values (K past positions, X encoder positions). */
  decodeStep(): Record<string, Value> {
    const { heads, headWidth, decoderLayers } = this.t5.config;
    const cached = (kind: string, length: string): KeyValue[] => Array.from({ length: decoderLayers }, (_, i) => ({
      key: input(`${kind}Key${i}`, ["B", heads, length, headWidth]), value: input(`${kind}Value${i}`, ["B", heads, length, headWidth]),
    }));
    const selfBias = this.t5.positionBias("decoder", input("decoderBuckets", [1, "K+1"], "int32"));
    const crossBias = reshape(input("crossMask", ["B", "X"]), ["B", 1, 1, "X"]);
    const { logits, present } = this.t5.decode(input("decoderIds", ["B", 1], "int32"), { cross: cached("cross", "X"), past: cached("past", "K"), selfBias, crossBias });
    return { logits, ...named("present", present) };
  }
}

function named(kind: string, layers: KeyValue[]): Record<string, Value> {
  return Object.fromEntries(layers.flatMap(({ key, value }, i) => [[`${kind}Key${i}`, key], [`${kind}Value${i}`, value]]));
}
