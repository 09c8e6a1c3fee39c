import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewRunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RunRecord } from "../../../src/record/record.ts";
import { loadParts } from "../../host/loadParts.ts";

const GIB = 1024 ** 3;
const ENGINE: NewRunEvent = {
  type: "engine",
  device: "cuda",
  name: "onnxruntime CUDA",
  measured: [
    { device: "cpu", name: "onnxruntime CPU", milliseconds: 5831.1 },
    { device: "cuda", name: "onnxruntime CUDA", milliseconds: 12.345 },
    { device: "webgpu", reason: "no step within 90 s" },
  ],
};
const record = (...events: NewRunEvent[]): RunRecord =>
  foldEvents(
    [
      {
        type: "created",
        version: 1,
        id: "20260101-000000-aaaa",
        name: "x",
        method: "pt",
        task: "mail",
        backbone: "tiny-t5",
        seed: 0,
        steps: 9,
      } as const,
      ...events,
    ].map((event, time) => ({ ...event, time })),
  );
const plan: NewRunEvent = {
  type: "plan",
  trainable: 1,
  promptLength: 1,
  bottleneck: 0,
  examples: { train: 1, validation: 1, test: 1 },
  device: "onnxruntime CUDA",
};

test("a run shows its device, what a step took on each, and its graphics processors while it works", async () => {
  const { vscode, viewOf, runTooltip } = await loadParts();
  const view = (shown: RunRecord) => viewOf({ id: shown.id, record: shown, directory: { path: "/none" } } as never);
  vscode.setTranslation((text) => text);
  const chosen = record(ENGINE);
  const gpus = [
    { index: 0, name: "H100", memoryUsed: 12.3 * GIB, memoryTotal: 80 * GIB, utilisation: 0.871, temperature: 64.4 },
    { index: 1, name: "A10" },
  ];
  assert.equal(
    view(chosen).measured,
    "onnxruntime CPU: 5831 ms; onnxruntime CUDA: 12.3 ms; webgpu: no step within 90 s",
  );
  assert.match(runTooltip(chosen).value, /Device: onnxruntime CUDA/);
  assert.match(runTooltip(record(plan)).value, /Device: onnxruntime CUDA/);
  assert.doesNotMatch(runTooltip(record()).value, /Device/);
  const live = record(ENGINE, plan, { type: "status", status: "running" }, { type: "heartbeat", pid: 1, gpus });
  assert.equal(view(live).gpu, "H100, 12.3 of 80.0 GiB, 87 % busy, 64 °C; A10");
  assert.equal(
    view(record(ENGINE, { type: "heartbeat", pid: 1, gpus }, { type: "status", status: "finished" })).gpu,
    undefined,
    "nothing of a run that has ended",
  );
  assert.equal(view(record({ type: "status", status: "running" }, { type: "heartbeat", pid: 1 })).gpu, undefined);
  const memory: NewRunEvent = {
    type: "memory",
    needed: 2.44e9,
    available: 6e9,
    copies: 1,
    wanted: 2,
    device: { needed: 8e8, available: 8e10 },
  };
  assert.equal(
    view(record(memory)).memory,
    "needs 2.4 GB, 6.0 GB are free; graphics processor: 800 MB, 80.0 GB are free; copies of the model: 1 instead of 2",
  );
  assert.equal(
    view(record({ type: "memory", needed: 5e8, available: 6e9, copies: 2, wanted: 2, device: { needed: 7e8 } })).memory,
    "needs 500 MB, 6.0 GB are free; graphics processor: 700 MB",
  );
  const whole: NewRunEvent = {
    type: "memory",
    backbone: "Llama-3-8B",
    weights: "int4",
    needed: 7.4e9,
    available: 24e9,
    copies: 1,
    wanted: 1,
    step: { seconds: 9.02, tokens: 128 },
  };
  assert.equal(
    view(record(whole)).memory,
    "Llama-3-8B, int4: needs 7.4 GB, 24.0 GB are free; about 9.0 s a step of 128 tokens",
  );
  assert.equal(view(record()).memory, undefined);
  assert.equal(view(record({ ...ENGINE, measured: [] })).measured, undefined, "without a choice nothing is said");
});

test("a run whose weights are narrow shows what that costs beside fp32, before training and after it", async () => {
  const { vscode, viewOf } = await loadParts();
  const view = (shown: RunRecord) => viewOf({ id: shown.id, record: shown, directory: { path: "/none" } } as never);
  vscode.setTranslation((text) => text);
  const cost = {
    type: "precision",
    weights: "int8",
    label: "untrained",
    split: "validation",
    examples: 64,
    loss: 2.315,
    wideLoss: 2.309,
    same: 62,
    bytes: 223_840_000,
    wideBytes: 891_600_000,
  } as const;
  const before =
    "int8, before training: validation loss 2.3150 instead of 2.3090 (+0.26 %), 62 of 64 predictions the same, 224 MB instead of 892 MB";
  assert.equal(view(record(cost)).precision, before);
  // Measured again it is said once, in the newest words.
  assert.equal(
    view(
      record({ ...cost, same: 1 }, cost, {
        ...cost,
        label: "trained",
        split: "train",
        loss: 1.2,
        wideLoss: 1.25,
        same: 60,
        bytes: 2_430_000,
        wideBytes: 9_446_400,
      }),
    ).precision,
    `${before}; int8, trained: training loss 1.2000 instead of 1.2500 (-4.00 %), 60 of 64 predictions the same, 2.4 MB instead of 9.4 MB`,
  );
  assert.equal(view(record()).precision, undefined);
});
