import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetRatio, StabilityWatch } from "../../../src/analysis/stability/stabilityWatch.ts";
import { english } from "../../../src/base/phrase.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Adapter } from "../../../src/adapter/adapterFolder.ts";

const event = (step: number, norm: number, ratio = 0.01) => ({
  type: "step" as const,
  step,
  loss: 1,
  learningRate: { prompt: 0.3, ffn: 0.001 },
  gradientNorm: { prompt: 1, ffn: norm },
  updateRatio: { prompt: 0.01, ffn: ratio },
  tokensPerSecond: 1,
  secondsLeft: 1,
});
const told = (steps: readonly (readonly [norm: number, ratio?: number])[], warmup = 5): string[] => {
  const watch = new StabilityWatch(warmup);
  return steps.flatMap(([norm, ratio], i) => watch.step(event(i + 1, norm, ratio)).map(english));
};
const calm = (n: number): [number][] => Array.from({ length: n }, (_, i) => [1 + 0.3 * Math.sin(i)]);

test("a calm run gets no warning; a spike gets one, with its component, step and rate", () => {
  assert.deepEqual(told(calm(200)), []);
  const found = told([...calm(30), [15], ...calm(5), [40]]);
  assert.equal(found.length, 1);
  assert.match(
    found[0]!,
    /^Step 31: the gradient of ffn is 1\d times its usual size.*training\.learningRate\.ffn \(now 0\.0010\)/,
  );
  assert.deepEqual(told([[1], [1], [50]]), [], "too early to know what is usual");
});

test("a component without a gradient and one that changes too much are warned of; warm-up is exempt", () => {
  assert.match(
    told([...calm(3), ...Array.from({ length: 30 }, (): [number] => [0])])[0]!,
    /^Step 23: ffn has had no gradient for 20 steps/,
  );
  assert.deepEqual(told([...Array.from({ length: 19 }, (): [number] => [0]), [1]]), []);
  assert.match(told([...calm(25), [1, 0.8]])[0]!, /^Step 26: ffn changes by 80 % of itself/);
  assert.deepEqual(told([...calm(25), [1, 0.8]], 60), []);
});

test("offsets are compared with the embeddings, on values computed by hand", () => {
  const spec = MethodInput.parse({ kind: "adept", variant: "constant" });
  const tensor = (name: string, dims: number[], data: number[]) =>
    [name, { name, dims, group: "constant", data: Float32Array.from(data) }] as const;
  const adapter: Adapter = {
    spec,
    sizes: { promptLength: 0, bottleneck: 0, count: 2 },
    parameters: new Map([tensor("constant", [2], [0, 30])]),
  };
  // Embeddings of length 5 and 1, offsets of length 30.
  const whole = Float32Array.of(3, 4, 1, 0);
  const embeddings = { tokens: 2, width: 2, whole, row: (id: number) => whole.subarray(2 * id, 2 * id + 2) };
  assert.equal(offsetRatio(adapter, embeddings), 10);
  const watch = new StabilityWatch(0);
  assert.match(
    english(watch.offsets(50, adapter, embeddings)[0]!),
    /^Step 50: the offsets are 10\.0 times as long.*training\.learningRate\.constant/,
  );
  assert.deepEqual(watch.offsets(100, adapter, embeddings), []);
  assert.deepEqual(
    new StabilityWatch(0).offsets(
      1,
      { ...adapter, parameters: new Map([tensor("constant", [2], [0, 1])]) },
      embeddings,
    ),
    [],
  );
});
