import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunEvent } from "../../../src/record/events.ts";
import { analysisSeconds } from "../../../src/record/analysisForecast.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RunRecord } from "../../../src/record/record.ts";

function run({ examples = 100, pass, ablation }: { examples?: number; pass?: number; ablation?: number }): RunRecord {
  const events: RunEvent[] = [
    {
      type: "created",
      time: 0,
      version: 1,
      id: "x",
      name: "x",
      method: "adept",
      task: "mail",
      backbone: "tiny",
      seed: 0,
      steps: 1,
    },
    {
      type: "plan",
      time: 1,
      trainable: 1,
      promptLength: 1,
      bottleneck: 1,
      examples: { train: 1, validation: 1, test: examples },
      device: "cpu",
    },
    ...(pass === undefined
      ? []
      : [
          {
            type: "evaluation" as const,
            time: 2,
            step: 1,
            split: "test" as const,
            loss: 1,
            metrics: {},
            examples,
            seconds: pass,
          },
        ]),
    ...(ablation === undefined
      ? []
      : [
          { type: "analysis" as const, time: 1000, name: "ablation", status: "started" as const },
          { type: "analysis" as const, time: 1000 + 1000 * ablation, name: "ablation", status: "finished" as const },
        ]),
  ];
  return foldEvents(events);
}

test("the forecast scales the time of an earlier analysis by the number of examples", () => {
  assert.equal(analysisSeconds("ablation", run({ examples: 200 }), [run({ examples: 100, ablation: 10 })]), 20);
});

test("without an earlier analysis the forecast is a number of passes over the test split at the run's own speed", () => {
  const seconds = analysisSeconds("position-shift", run({ pass: 2 }), []);
  assert.ok(seconds !== undefined && seconds > 30 && seconds < 60);
  assert.ok((analysisSeconds("ablation", run({ pass: 2 }), []) ?? 0) < seconds);
});

test("without any data, or with only that of another method, there is no forecast", () => {
  assert.equal(analysisSeconds("ablation", run({}), []), undefined);
  assert.equal(analysisSeconds("latency", run({ pass: 2 }), []), undefined);
  assert.equal(analysisSeconds("ablation", run({}), [{ ...run({ ablation: 10 }), method: "pt" }]), undefined);
});
