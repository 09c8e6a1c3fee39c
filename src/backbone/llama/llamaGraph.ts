import { addDims, productDim, type Dim } from "../../graph/dims.ts";
import {
  add,
  broadcastTo,
  concat,
  matmul,
  mul,
  reshape,
  rmsNorm,
  slice,
  softmax,
  sub,
  tanh,
  transpose,
} from "../../graph/ops.ts";
import { input, scalar, type Value } from "../../graph/value.ts";
import { UNCHANGED, type BackboneChanges } from "../changes.ts";
import { inputOf, type InputEmbedding, type Plan, type SequenceGraph, type Tokens } from "../sequenceGraph.ts";
import type { LlamaConfig } from "./llamaConfig.ts";
import { EMBEDDING, FINAL_NORM, HEAD } from "./llamaLayout.ts";
import { unsupported } from "./unsupported.ts";

/** Inputs of every layer's attention besides the states. */
interface Attended {
  /** Scores (B, 1, L, L): causal, and padding hidden. */
  bias: Value;
  /** Cosines and sines (B, 1, L, headWidth / 2) of each position's rotation. */
  cos: Value;
  sin: Value;
}

/** SiLU, x times the logistic function of x, computed by tanh, whose gradient stays finite for large values. */
const silu = (x: Value): Value => mul(mul(x, scalar(0.5)), add(tanh(mul(x, scalar(0.5))), scalar(1)));

/** A Llama (Touvron et al. 2023) as graph values: RMS norms, rotary positions, grouped-query attention. */
export class LlamaGraph implements SequenceGraph {
  /** Text and target as one sequence, so a method's offsets are added to both. */
  readonly tokens: Tokens = {
    ids: input("ids", ["B", "S+T"], "int32"),
    places: input("positions", ["B", "S+T"], "int32"),
  };
  private readonly changes: BackboneChanges;

  constructor(
    private readonly config: LlamaConfig,
    changes: Partial<BackboneChanges> = {},
  ) {
    this.changes = { ...UNCHANGED, ...changes };
  }

  get table(): Value {
    return this.changes.weight(EMBEDDING, [this.config.vocabulary, this.config.width]);
  }

  plan(): Plan {
    return "";
  }

  forward(embedding: InputEmbedding): { logits: Value; states: Value } {
    const x = inputOf(embedding, this.tokens);
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const half = this.config.headWidth / 2;
    const prompt = embedding.prompt === undefined ? [] : [broadcastTo(scalar(0), [rows, "P"])];
    const mask = concat([...prompt, input("textMask", [rows, "S"]), input("targetMask", [rows, "T"])], 1);
    const causal = reshape(input("causal", [length, length]), [1, 1, length, length]);
    const attended: Attended = {
      bias: add(reshape(mask, [rows, 1, 1, length]), causal),
      cos: input("rotaryCos", [rows, 1, length, half]),
      sin: input("rotarySin", [rows, 1, length, half]),
    };
    let state = x;
    for (let i = 0; i < this.config.layers; i++) state = this.layer(state, `model.layers.${i}`, attended);
    const states = this.norm(state, FINAL_NORM);
    // The T columns behind prompt and text predict the T labels.
    const before: Dim = embedding.prompt === undefined ? "S" : addDims("P", "S");
    const { width, vocabulary, tied } = this.config;
    const predicting = slice(states, 1, before, addDims(before, "T"));
    return {
      logits: this.project(predicting, HEAD, [vocabulary, width], tied ? EMBEDDING : undefined),
      states: slice(states, 1, 0, before),
    };
  }

  prefill(): never {
    throw unsupported();
  }

  resume(): never {
    throw unsupported();
  }

  step(): never {
    throw unsupported();
  }

  private layer(state: Value, name: string, attended: Attended): Value {
    const attention = `${name}.self_attn`;
    const mixed = this.attend(this.norm(state, `${name}.input_layernorm`), attention, attended);
    const between = add(state, this.changes.sublayer(mixed, { name: attention, kind: "self" }));
    const mlp = `${name}.mlp`;
    const fed = this.feedForward(this.norm(between, `${name}.post_attention_layernorm`), mlp);
    return add(between, this.changes.sublayer(fed, { name: mlp, kind: "feedForward" }));
  }

  private norm(x: Value, module: string): Value {
    const scale = this.changes.weight(`${module}.weight`, [this.config.width]);
    return this.changes.normOutput(rmsNorm(x, scale, this.config.epsilon), module);
  }

  /**
   * x (.., in) times a weight of sizes (out, in).
   * @param tensor the weight's name where it is not the module's own (a tied head)
   */
  private project(x: Value, module: string, sizes: [number, number], tensor = `${module}.weight`): Value {
    const read = this.changes.linearInput(x, module);
    return this.changes.linearOutput(matmul(read, this.changes.weight(tensor, sizes), { transB: true }), read, module);
  }

  /** (B, L, heads x headWidth) -> (B, heads, L, headWidth) */
  private heads(x: Value, count: number): Value {
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    return transpose(reshape(x, [rows, length, count, this.config.headWidth]), [0, 2, 1, 3]);
  }

  /** Rotates the pairs (i, i + headWidth / 2) of each head by their position's angles. */
  private rotated(x: Value, { cos, sin }: Attended): Value {
    const half = this.config.headWidth / 2;
    const first = slice(x, 3, 0, half);
    const second = slice(x, 3, half, 2 * half);
    return concat([sub(mul(first, cos), mul(second, sin)), add(mul(second, cos), mul(first, sin))], 3);
  }

  /** Grouped-query attention: each head of keys and values serves a group of heads of queries, one behind the other. */
  private attend(x: Value, name: string, attended: Attended): Value {
    const { width, heads, keyValueHeads, headWidth } = this.config;
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const part = (module: string, count: number): Value =>
      this.heads(this.project(x, `${name}.${module}`, [count * headWidth, width]), count);
    const query = this.rotated(part("q_proj", heads), attended);
    const key = this.rotated(part("k_proj", keyValueHeads), attended);
    const value = part("v_proj", keyValueHeads);
    const queries = productDim([heads / keyValueHeads, length]);
    const grouped = reshape(mul(query, scalar(headWidth ** -0.5)), [rows, keyValueHeads, queries, headWidth]);
    const scores = reshape(matmul(grouped, key, { transB: true }), [rows, heads, length, length]);
    const shares = reshape(softmax(add(scores, attended.bias)), [rows, keyValueHeads, queries, length]);
    const mixed = reshape(matmul(shares, value), [rows, heads, length, headWidth]);
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [rows, length, heads * headWidth]);
    return this.project(joined, `${name}.o_proj`, [width, heads * headWidth]);
  }

  private feedForward(x: Value, name: string): Value {
    const { width, hidden } = this.config;
    const gate = silu(this.project(x, `${name}.gate_proj`, [hidden, width]));
    const active = mul(gate, this.project(x, `${name}.up_proj`, [hidden, width]));
    return this.project(active, `${name}.down_proj`, [width, hidden]);
  }
}
