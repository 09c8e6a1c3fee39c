import type { Dim } from "../../graph/dims.ts";
import { gather, reshape } from "../../graph/ops.ts";
import { input, type Value } from "../../graph/value.ts";
import type { BackboneChanges } from "../changes.ts";
import { inputOf, type InputEmbedding, type Plan, type SequenceGraph, type Tokens } from "../sequenceGraph.ts";
import type { T5Config } from "./t5Config.ts";
import { T5Layers, type KeyValue } from "./t5Layers.ts";

/** The plan for short targets: cross-attention reads the encoder's states directly. */
const SHORT = "short";
const LONG = "";

/** A T5's encoder and decoder with the inputs that T5Feeds feeds. */
export class T5Graph implements SequenceGraph {
  readonly tokens: Tokens = {
    ids: input("ids", ["B", "S"], "int32"),
    places: input("positions", ["S"], "int32"),
  };
  readonly labelShape: Dim[] = ["B", "T"];
  private readonly layers: T5Layers;

  constructor(
    private readonly config: T5Config,
    changes?: Partial<BackboneChanges>,
  ) {
    this.layers = new T5Layers(config, changes);
  }

  get text(): Tokens {
    return this.tokens;
  }

  get table(): Value {
    return this.layers.table;
  }

  embedded(ids: Value): Value {
    return gather(this.table, ids);
  }

  /**
   * Reading the encoder's states directly costs less than computing keys and values from them while the queries of all
   * heads together are not more than the width. It needs linear layers that no method changes.
   */
  plan(targetLength: number): Plan {
    return this.layers.absorbs && targetLength * this.config.heads <= this.config.width ? SHORT : LONG;
  }

  forward(embedding: InputEmbedding, plan: Plan): { logits: Value; states: Value } {
    const { states, mask } = this.encoded(embedding);
    const logits = this.decoded(plan === SHORT ? states : this.crossKeyValues(states), mask);
    return { logits, states };
  }

  prefill(embedding: InputEmbedding, plan: Plan): { kept: Record<string, Value>; states: Value } {
    const { states } = this.encoded(embedding);
    return { kept: plan === SHORT ? { crossStates: states } : named("cross", this.crossKeyValues(states)), states };
  }

  resume(_: InputEmbedding, plan: Plan): Value {
    return this.decoded(this.kept(plan), input("crossMask", ["B", "X"]));
  }

  step(_: InputEmbedding, plan: Plan): { logits: Value; cache: Record<string, Value> } {
    const selfBiases = this.layers.selfBiases("decoder", input("decoderBuckets", [1, "K+1"], "int32"));
    const { logits, present } = this.layers.decode(input("decoderIds", ["B", 1], "int32"), {
      cross: this.kept(plan),
      past: this.cached("past", "K"),
      selfBiases,
      crossBias: broadcastMask(input("crossMask", ["B", "X"])),
    });
    return { logits, cache: named("present", present) };
  }

  private encoded(embedding: InputEmbedding): { states: Value; mask: Value } {
    const x = inputOf(embedding, this.tokens);
    const length = x.shape[1]!;
    const mask = input("mask", ["B", length]);
    const buckets = input("encoderBuckets", [length, length], "int32");
    return { states: this.layers.encode(x, this.layers.selfBiases("encoder", buckets, broadcastMask(mask))), mask };
  }

  /** Logits (B, T, V) of given targets. */
  private decoded(cross: KeyValue[] | Value, mask: Value): Value {
    const buckets = input("decoderBuckets", ["T", "T"], "int32");
    const causal = reshape(input("causal", ["T", "T"]), [1, 1, "T", "T"]);
    const selfBiases = this.layers.selfBiases("decoder", buckets, causal);
    const ids = input("decoderIds", ["B", "T"], "int32");
    return this.layers.decode(ids, { cross, selfBiases, crossBias: broadcastMask(mask) }).logits;
  }

  private crossKeyValues(states: Value): KeyValue[] {
    return Array.from({ length: this.config.decoderLayers }, (_, i) => this.layers.crossKeyValue(states, i));
  }

  /** The inputs that `prefill` computed, over X positions. */
  private kept(plan: Plan): KeyValue[] | Value {
    return plan === SHORT ? input("crossStates", ["B", "X", this.config.width]) : this.cached("cross", "X");
  }

  private cached(kind: string, length: string): KeyValue[] {
    const { heads, headWidth, decoderLayers } = this.config;
    return Array.from({ length: decoderLayers }, (_, i) => ({
      key: input(`${kind}Key${i}`, ["B", heads, length, headWidth]),
      value: input(`${kind}Value${i}`, ["B", heads, length, headWidth]),
    }));
  }
}

/** A mask (B, keys) as scores (B, 1, 1, keys). */
function broadcastMask(mask: Value): Value {
  const [rows, keys] = mask.shape as [Dim, Dim];
  return reshape(mask, [rows, 1, 1, keys]);
}

function named(kind: string, layers: KeyValue[]): Record<string, Value> {
  return Object.fromEntries(
    layers.flatMap(({ key, value }, i) => [
      [`${kind}Key${i}`, key],
      [`${kind}Value${i}`, value],
    ]),
  );
}
