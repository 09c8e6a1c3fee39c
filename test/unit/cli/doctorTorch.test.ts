import assert from "node:assert/strict";
import { test } from "node:test";
import { torchFinding } from "../../../src/cli/commands/doctorTorch.ts";
import type { TorchTold } from "../../../src/engine/torch/torchAnswers.ts";
import type { MeasuredStep } from "../../../src/worker/device/measureDevice.ts";
import { parseCards } from "../../../src/worker/device/nvidiaCards.ts";

const TOLD: TorchTold = {
  torch: "2.13.0+cu128",
  python: "3.12.4",
  executable: "/venv/bin/python",
  device: "cuda:0",
  name: "NVIDIA H100",
  runtime: "CUDA 12.8",
  bf16: true,
  processors: [
    { index: 0, name: "NVIDIA H100", free: 79.5e9, total: 84.9e9 },
    { index: 1, name: "NVIDIA L4", free: 22e9, total: 23.6e9 },
  ],
};
const step = (milliseconds: number, loss = 2): MeasuredStep => ({
  device: "torch",
  name: "PyTorch",
  milliseconds,
  check: [loss],
});
const CPU: MeasuredStep = { ...step(300), device: "cpu" };

test("nvidia-smi tells name, driver and compute capability; what is no such line is skipped", () => {
  assert.deepEqual(parseCards("NVIDIA H100, 570.86.15, 9.0\nCard, with a comma, 535.1, 8.9\r\nno devices\n"), [
    { name: "NVIDIA H100", driver: "570.86.15", capability: 9 },
    { name: "Card, with a comma", driver: "535.1", capability: 8.9 },
  ]);
  assert.deepEqual(parseCards("A, [N/A], [N/A]\n"), []);
});

test("doctor's line on PyTorch has its Python, each GPU with its free memory, runtime and driver, and both speeds", () => {
  const found = torchFinding({ told: TOLD, fp32: step(12.3), bf16: step(6.1) }, CPU, [
    { name: "NVIDIA H100", driver: "570.86.15", capability: 9 },
  ]);
  assert.equal(found.what, "torch (PyTorch 2.13.0+cu128 of Python 3.12.4, /venv/bin/python)");
  assert.equal(
    found.detail,
    "12.3 ms a step, in bf16 6.10 ms a step; NVIDIA H100 (cuda:0) with 79.5 of 84.9 GB free, NVIDIA L4 (cuda:1) with 22.0 of 23.6 GB free, CUDA 12.8, driver 570.86.15, bf16 in hardware",
  );
  assert.deepEqual([found.ok, found.fix, found.milliseconds, found.bf16Milliseconds], [true, undefined, 12.3, 6.1]);
});

test("a PyTorch whose loss is not the processor's, or whose step fails, is told with what is known of it", () => {
  const wrong = torchFinding({ told: TOLD, fp32: step(12.3, 3) }, CPU, []);
  assert.equal(wrong.ok, false);
  assert.match(wrong.detail, /^its loss or gradients are not the processor's; NVIDIA H100 \(cuda:0\)/);
  const none = torchFinding(
    { fp32: { device: "torch", reason: "engine.device: /p has no PyTorch", code: "x-y", action: "pip install" } },
    CPU,
    [],
  );
  assert.deepEqual(
    [none.what, none.ok, none.detail, none.fix],
    ["torch (PyTorch 2.1 or later of a Python of yours)", false, "/p has no PyTorch", "pip install"],
  );
  const narrow = torchFinding({ told: TOLD, fp32: step(9), bf16: step(4, 3) }, CPU, []);
  assert.ok(narrow.ok);
  assert.match(narrow.detail, /^9\.00 ms a step, in bf16 none \(its loss or gradients are not the processor's\)/);
  assert.equal(narrow.bf16Milliseconds, undefined);
});
