import { productDim, type Dim } from "../../graph/dims.ts";
import {
  add,
  attention,
  concat,
  gather,
  geluTanh,
  matmul,
  mul,
  relu,
  reshape,
  rmsNorm,
  softmax,
  transpose,
} from "../../graph/ops.ts";
import { layerInput, scalar, type Value } from "../../graph/value.ts";
import { isDropping, UNCHANGED, type BackboneChanges, type Sublayer } from "../changes.ts";
import type { T5Config } from "./t5Config.ts";
import { EMBEDDING, HEAD } from "./t5Layout.ts";

/** Keys and values of one attention, each (B, heads, keys, headWidth). */
export interface KeyValue {
  key: Value;
  value: Value;
}

/** T5's layers as graph values. Names of weights are those of the Hugging Face file; shapes come from the config. */
export class T5Layers {
  private readonly changes: BackboneChanges;
  /** Whether cross-attention can read the encoder's states directly, because the method changes no linear layer. */
  readonly absorbs: boolean;

  /** @param changes what a method changes inside; the default is nothing */
  constructor(
    readonly config: T5Config,
    changes: Partial<BackboneChanges> = {},
  ) {
    this.changes = { ...UNCHANGED, ...changes };
    this.absorbs = !["weight", "linearInput", "linearOutput"].some((part) => part in changes);
  }

  private drop(x: Value): Value {
    return this.changes.drop(x);
  }

  private get inner(): number {
    return this.config.heads * this.config.headWidth;
  }

  /** The shared embedding table (V, d). */
  get table(): Value {
    return this.changes.weight(EMBEDDING, [this.config.vocabulary, this.config.width]);
  }

  private norm(x: Value, module: string): Value {
    return this.changes.normOutput(
      rmsNorm(x, this.changes.weight(`${module}.weight`, [this.config.width]), this.config.epsilon),
      module,
    );
  }

  /**
   * x (.., in) times a weight of sizes (out, in).
   * @param tensor the weight's name where it is not the module's own (a tied head)
   */
  private project(x: Value, module: string, sizes: [number, number], tensor = `${module}.weight`): Value {
    const read = this.changes.linearInput(x, module);
    return this.changes.linearOutput(matmul(read, this.changes.weight(tensor, sizes), { transB: true }), read, module);
  }

  private heads(x: Value): Value {
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    return transpose(reshape(x, [rows, length, this.config.heads, this.config.headWidth]), [0, 2, 1, 3]);
  }

  /** Keys and values of `x` (B, L, d) for the attention called `name`. */
  keyValue(x: Value, name: string): KeyValue {
    const sizes: [number, number] = [this.inner, this.config.width];
    return {
      key: this.heads(this.project(x, `${name}.k`, sizes)),
      value: this.heads(this.project(x, `${name}.v`, sizes)),
    };
  }

  /** Attention without scaling (T5's). @param bias broadcast to (B, heads, queries, keys) */
  attend(x: Value, { key, value }: KeyValue, name: string, bias: Value): Value {
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const query = this.heads(this.project(x, `${name}.q`, [this.inner, this.config.width]));
    const mixed = this.mix(query, { key, value }, bias);
    return this.drop(
      this.project(reshape(transpose(mixed, [0, 2, 1, 3]), [rows, length, this.inner]), `${name}.o`, [
        this.config.width,
        this.inner,
      ]),
    );
  }

  /** Dropout of the shares leaves nothing to compute as a whole. */
  private mix(query: Value, { key, value }: KeyValue, bias: Value): Value {
    if (!isDropping(this.changes)) return attention(query, key, bias, value);
    return matmul(this.drop(softmax(add(matmul(query, key, { transB: true }), bias))), value);
  }

  /**
   * Attention of `x` (B, T, d) to `states` (B, L, d) directly: q (s W_k)^T = (q W_k) s^T for each head, and values
   * alike, so that the few queries are multiplied by the weights instead of the many keys. Equal to `attend` over the
   * states' keys and values, at T heads / d of the cost.
   * @param bias broadcast to (B, heads, T, L)
   */
  private attendStates(x: Value, states: Value, name: string, bias: Value): Value {
    const { heads, headWidth, width } = this.config;
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const keys = states.shape[1]!;
    const all = productDim([rows, length]);
    const queries = productDim([heads, length]);
    const byHead: Dim[] = [heads, rows, length, width];
    const sizes: [number, number] = [this.inner, width];
    const kernel = (part: string): Value =>
      reshape(this.changes.weight(`${name}.${part}.weight`, sizes), [heads, headWidth, width]);
    const query = transpose(reshape(this.project(x, `${name}.q`, sizes), [all, heads, headWidth]), [1, 0, 2]);
    const wide = reshape(transpose(reshape(matmul(query, kernel("k")), byHead), [1, 0, 2, 3]), [rows, queries, width]);
    const scores = add(reshape(matmul(wide, states, { transB: true }), [rows, heads, length, keys]), bias);
    const mixed = matmul(reshape(this.drop(softmax(scores)), [rows, queries, keys]), states);
    const narrow = matmul(
      reshape(transpose(reshape(mixed, [rows, heads, length, width]), [1, 0, 2, 3]), [heads, all, width]),
      kernel("v"),
      { transB: true },
    );
    return this.drop(
      this.project(reshape(transpose(narrow, [1, 0, 2]), [rows, length, this.inner]), `${name}.o`, [width, this.inner]),
    );
  }

  private residual(state: Value, z: Value, at: Sublayer): Value {
    return add(state, this.changes.sublayer(z, at));
  }

  private feedForward(x: Value, name: string): Value {
    const { width, hidden, gated } = this.config;
    const into = (part: string): Value => this.project(x, `${name}.${part}`, [hidden, width]);
    const active = gated ? mul(geluTanh(into("wi_0")), into("wi_1")) : relu(into("wi"));
    return this.drop(this.project(this.drop(active), `${name}.wo`, [width, hidden]));
  }

  /**
   * What each layer of a side adds to the scores of its self-attention: its bias by position (1, heads, queries, keys)
   * and the mask. Where all layers share the first one's biases, it is one value.
   * @param buckets int32 (queries, keys)
   * @param mask scores that broadcast to (B, heads, queries, keys); left out: none
   */
  selfBiases(side: "encoder" | "decoder", buckets: Value, mask?: Value): Value[] {
    const { layers, decoderLayers, layersHaveBiases } = this.config;
    const biasOf = (layer: number): Value => {
      const bias = this.positionBias(`${side}.block.${layer}.layer.0.SelfAttention`, buckets);
      return mask === undefined ? bias : add(bias, mask);
    };
    const first = biasOf(0);
    return Array.from({ length: side === "encoder" ? layers : decoderLayers }, (_, i) =>
      i > 0 && layersHaveBiases ? biasOf(i) : first,
    );
  }

  private positionBias(attention: string, buckets: Value): Value {
    const { buckets: count, heads } = this.config;
    const table = this.changes.weight(`${attention}.relative_attention_bias.weight`, [count, heads]);
    const [queries, keys] = buckets.shape as [Dim, Dim];
    return reshape(transpose(gather(table, buckets), [2, 0, 1]), [1, heads, queries, keys]);
  }

  /** Encoder states (B, L, d) of embedded input `x` (B, L, d). @param biases of each layer, the mask included */
  encode(x: Value, biases: readonly Value[]): Value {
    let state = layerInput(this.drop(x), 0);
    for (let i = 0; i < this.config.layers; i++) {
      const block = `encoder.block.${i}.layer`;
      const normed = this.norm(state, `${block}.0.layer_norm`);
      const name = `${block}.0.SelfAttention`;
      state = this.residual(state, this.attend(normed, this.keyValue(normed, name), name, biases[i]!), {
        name: `${block}.0`,
        kind: "self",
      });
      state = this.residual(
        state,
        this.feedForward(this.norm(state, `${block}.1.layer_norm`), `${block}.1.DenseReluDense`),
        { name: `${block}.1`, kind: "feedForward" },
      );
      state = layerInput(state, i + 1);
    }
    return this.drop(this.norm(state, "encoder.final_layer_norm"));
  }

  /** The keys and values that decoder layer `i` computes from the encoder's states, once for a whole decoding. */
  crossKeyValue(encoded: Value, i: number): KeyValue {
    return this.keyValue(encoded, `decoder.block.${i}.layer.1.EncDecAttention`);
  }

  /**
   * Decoder logits.
   * @param ids int32 (B, T)
   * @param options cross: each layer's keys and values of the encoder, or the encoder's states (B, L, d) where
   * `absorbs`; past: earlier keys and values of each layer, none when the whole target is given
   * @returns logits (B, T, V), and each layer's keys and values, the past ones first
   */
  decode(
    ids: Value,
    options: { cross: KeyValue[] | Value; selfBiases: readonly Value[]; crossBias: Value; past?: KeyValue[] },
  ): { logits: Value; present: KeyValue[] } {
    const before = this.config.layers + 1;
    let state = layerInput(this.drop(gather(this.table, ids)), before);
    const present: KeyValue[] = [];
    for (let i = 0; i < this.config.decoderLayers; i++) {
      const block = `decoder.block.${i}.layer`;
      const normed = this.norm(state, `${block}.0.layer_norm`);
      const own = this.keyValue(normed, `${block}.0.SelfAttention`);
      const past = options.past?.[i];
      const kept =
        past === undefined ? own : { key: concat([past.key, own.key], 2), value: concat([past.value, own.value], 2) };
      present.push(kept);
      state = this.residual(state, this.attend(normed, kept, `${block}.0.SelfAttention`, options.selfBiases[i]!), {
        name: `${block}.0`,
        kind: "self",
      });
      const asking = this.norm(state, `${block}.1.layer_norm`);
      const cross = `${block}.1.EncDecAttention`;
      const read = Array.isArray(options.cross)
        ? this.attend(asking, options.cross[i]!, cross, options.crossBias)
        : this.attendStates(asking, options.cross, cross, options.crossBias);
      state = this.residual(state, read, { name: `${block}.1`, kind: "cross" });
      state = this.residual(
        state,
        this.feedForward(this.norm(state, `${block}.2.layer_norm`), `${block}.2.DenseReluDense`),
        { name: `${block}.2`, kind: "feedForward" },
      );
      state = layerInput(state, before + i + 1);
    }
    return { logits: this.head(this.drop(this.norm(state, "decoder.final_layer_norm"))), present };
  }

  private head(state: Value): Value {
    const { width, vocabulary, tied, scaled } = this.config;
    const x = scaled ? mul(state, scalar(width ** -0.5)) : state;
    return this.project(x, HEAD, [vocabulary, width], tied ? EMBEDDING : undefined);
  }
}
