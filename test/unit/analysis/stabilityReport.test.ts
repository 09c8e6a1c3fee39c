import assert from "node:assert/strict";
import { test } from "node:test";
import { analyseStability } from "../../../src/analysis/stability/stabilityReport.ts";
import type { RunEvent } from "../../../src/record/events.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";

const experiment = ResolvedExperiment.parse({
  name: "x",
  task: { kind: "mail" },
  method: { kind: "adept" },
  training: { warmup: 5, clip: 1, learningRate: { prompt: 0.1, ffn: 0.001 } },
});
const step = (at: number, over: { loss?: number; gradient?: number; ratio?: number } = {}): RunEvent => ({
  type: "step",
  time: at,
  step: at,
  loss: over.loss ?? 1,
  learningRate: { prompt: 0.1, ffn: 0.001 },
  gradientNorm: { prompt: 0.1, ffn: over.gradient ?? 0.2 },
  updateRatio: { prompt: 0.003, ffn: over.ratio ?? 0.5 },
  tokensPerSecond: 1,
  secondsLeft: 0,
});

test("spikes, clipped steps and jumps of the loss are counted, and a rate that restores the ratio is advised", () => {
  const events = Array.from({ length: 100 }, (_, i) => step(i + 1, i === 70 ? { gradient: 5, loss: 9 } : {}));
  const found = analyseStability(events, experiment);
  const [prompt, ffn] = found.components;
  assert.deepEqual([found.steps, found.lossSpikes, found.clipped], [100, 1, 0.01]);
  assert.deepEqual([prompt!.advice, ffn!.spikes, ffn!.advice!.rate], [undefined, 1, 0.00002]);
  assert.match(ffn!.advice!.why, /50 %/);
  assert.ok(found.alerts.some((message) => message.includes("training.learningRate.ffn")));
  const slow = analyseStability(
    Array.from({ length: 50 }, (_, i) => step(i + 1, { ratio: 1e-7 })),
    experiment,
  ).components[1]!.advice!;
  assert.ok(slow.rate === 0.1 && slow.why.includes("hardly"));
});

test("a step repeated after a resume counts once, the later one; a component at standstill is reported", () => {
  const twice = [
    ...Array.from({ length: 40 }, (_, i) => step(i + 1, { ratio: 0.01 })),
    ...Array.from({ length: 20 }, (_, i) => step(i + 21, { ratio: 0.01, loss: 0.5 })),
  ];
  const found = analyseStability(twice, experiment);
  assert.deepEqual([found.steps, found.finalLoss, found.components[1]!.advice], [40, 0.5, undefined]);
  const still = analyseStability(
    Array.from({ length: 30 }, (_, i) => step(i + 1, { gradient: 0, ratio: 0 })),
    experiment,
  );
  assert.equal(still.components[1]!.still, 30);
});
