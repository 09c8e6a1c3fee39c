import assert from "node:assert/strict";
import { test } from "node:test";
import { sharesDevice } from "../../../src/executor/workQueue.ts";
import { queueName } from "../../../src/experiment/queueName.ts";

test("a queue for each device, and for each GPU that PyTorch is told to take", () => {
  assert.equal(queueName({ device: "webgpu", torchDevice: undefined }), "webgpu");
  assert.equal(queueName({ device: "torch", torchDevice: undefined }), "torch");
  assert.equal(queueName({ device: "torch", torchDevice: "auto" }), "torch");
  assert.equal(queueName({ device: "torch", torchDevice: "cuda" }), "torch_cuda_0");
  assert.equal(queueName({ device: "torch", torchDevice: "cuda:1" }), "torch_cuda_1");
  assert.equal(queueName({ device: "torch", torchDevice: "mps" }), "torch_mps");
  for (const torchDevice of ["cuda:12", "rocm", "cpu"])
    assert.match(queueName({ device: "torch", torchDevice }), /^\w+$/);
});

test("queues wait for one another where they may compute on one device", () => {
  assert.equal(sharesDevice("torch_cuda_0", "torch_cuda_1"), false);
  assert.equal(sharesDevice("torch_cuda_0", "torch"), true);
  assert.equal(sharesDevice("auto", "torch_cuda_1"), true);
  assert.equal(sharesDevice("cpu", "torch_cpu"), true);
  assert.equal(sharesDevice("cpu", "torch_cuda_0"), false);
  assert.equal(sharesDevice("webgpu", "cpu"), false);
});
