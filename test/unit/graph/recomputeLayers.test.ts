import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeAt } from "../../../src/graph/dims.ts";
import { recomputeLayers } from "../../../src/graph/recomputeLayers.ts";
import { topological, type Value } from "../../../src/graph/value.ts";
import { MethodGraph } from "../../../src/model/methodGraph.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { randomModel, TINY_LLAMA } from "../model/tinyCausal.ts";

const T5 = {
  model_type: "t5",
  vocab_size: 40,
  d_model: 16,
  d_kv: 4,
  d_ff: 24,
  num_heads: 4,
  feed_forward_proj: "relu",
  tie_word_embeddings: true,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
  dropout_rate: 0,
};
/** Many tokens, so that values of layers count and those of frozen matrices do not. */
const SIZES = { B: 3, S: 50, T: 20, P: 4, N: 60, R: 180, M: 12, "P+S": 54, K: 1, X: 54 };

function graphOf(config: Record<string, unknown> & { model_type: string }, method: object): MethodGraph {
  const { weights: _, ...architecture } = openBackbone(randomModel(config));
  const spec = MethodInput.parse(method);
  return new MethodGraph(architecture, {
    spec,
    sizes: resolveSizes(spec, architecture.layout),
    layout: architecture.layout,
  });
}

const llama = (layers: number, method: object): MethodGraph =>
  graphOf({ ...TINY_LLAMA, num_hidden_layers: layers }, method);
const t5 = (layers: number, method: object): MethodGraph =>
  graphOf({ ...T5, num_layers: layers, num_decoder_layers: layers }, method);
const ADEPT = { kind: "adept", promptLength: 4, bottleneck: 3 };
const LORA = { kind: "lora", rank: 2 };

const bytes = (value: Value): number => value.shape.reduce<number>((all, dim) => all * sizeAt(dim, SIZES), 4);

/**
 * The most bytes of results that are in memory at a time. Each value is computed as early as its inputs allow, and what
 * is computed again before anything else: no engine can do worse.
 */
function eagerPeak(outputs: Record<string, Value>): number {
  const order = topological(Object.values(outputs)).flatMap((value) => (value.kind === "op" ? [value] : []));
  const readers = new Map<Value, number>();
  for (const each of order) for (const input of new Set(each.inputs)) readers.set(input, (readers.get(input) ?? 0) + 1);
  for (const value of Object.values(outputs)) readers.set(value, Infinity);
  const done = new Set<Value>();
  const waiting = new Set(order);
  let live = 0;
  let peak = 0;
  while (waiting.size > 0) {
    const ready = [...waiting].filter((each) => each.inputs.every((input) => input.kind !== "op" || done.has(input)));
    const next = ready.find((each) => each.isRecomputed) ?? ready[0]!;
    waiting.delete(next);
    done.add(next);
    live += bytes(next);
    peak = Math.max(peak, live);
    for (const input of new Set(next.inputs)) {
      const left = readers.get(input)! - 1;
      readers.set(input, left);
      if (left === 0 && input.kind === "op") live -= bytes(input);
    }
  }
  return peak;
}

for (const [name, graph, state] of [
  ["Llama", llama, 4 * 3 * 64 * 16],
  ["T5", t5, 4 * 3 * (54 + 20) * 16],
] as const)
  for (const method of [ADEPT, LORA])
    test(`${name}, ${method.kind}: however early an engine computes, another layer takes little more than its input`, () => {
      const at = (layers: number): number => eagerPeak(graph(layers, method).step("", { recompute: "layers" }));
      const [few, many] = [at(3), at(9)];
      const each = (many - few) / 6;
      assert.ok(each < 1.2 * state, `${each} bytes a layer, whose input has ${state}`);
      const kept = eagerPeak(graph(9, method).step("", {})) - eagerPeak(graph(3, method).step("", {}));
      assert.ok(kept / 6 > 8 * state, `without it ${kept / 6}`);
    });

test("a graph without layers stays as it is", () => {
  const outputs = llama(2, ADEPT).losses("");
  const again = recomputeLayers({ loss: outputs["losses"]! }, "loss");
  assert.ok(
    topological(Object.values(again)).every((value) => value.kind !== "op" || value.isRecomputed === undefined),
  );
});
