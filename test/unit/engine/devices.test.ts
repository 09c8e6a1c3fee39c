import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { explainDevice, installCuda, requireDevice } from "../../../src/engine/device/deviceTrouble.ts";
import { allowed, supportedDevices, engineHere } from "../../../src/engine/device/devicesHere.ts";
import { detectDeviceSupport, type DeviceSupport } from "../../../src/engine/device/deviceSupport.ts";
import { openEngine } from "../../../src/engine/openEngine.ts";
import { DEVICES, type Device } from "../../../src/engine/engineSpec.ts";
import { UserError } from "../../../src/base/errors.ts";

const LINUX: DeviceSupport = {
  platform: "linux",
  arch: "x64",
  backends: ["cpu", "webgpu", "cuda", "tensorrt"],
  cudaProvider: false,
  nvidia: false,
  vulkan: false,
  tensorFlowGpu: false,
  torch: false,
};
const refused = (device: Device, machine: DeviceSupport): UserError => {
  try {
    requireDevice(device, machine);
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error;
  }
  throw new Error(`${device} is not refused`);
};

test("a machine without a graphics processor has one candidate; each other device needs its hardware and software", () => {
  assert.deepEqual(supportedDevices(LINUX), ["cpu"]);
  assert.deepEqual(supportedDevices({ ...LINUX, vulkan: true }), ["cpu", "webgpu"]);
  assert.deepEqual(supportedDevices({ ...LINUX, nvidia: true }), ["cpu"], "CUDA's libraries are not there");
  assert.deepEqual(supportedDevices({ ...LINUX, cudaProvider: true }), ["cpu"], "nor is a card");
  assert.deepEqual(
    supportedDevices({ ...LINUX, nvidia: true, cudaProvider: true, vulkan: true, tensorFlowGpu: true }),
    ["cpu", "webgpu", "cuda", "tfjs"],
  );
  assert.deepEqual(supportedDevices({ ...LINUX, tensorFlowGpu: true }), ["cpu"]);
  assert.deepEqual(supportedDevices({ ...LINUX, torch: true }), ["cpu", "torch"]);
  assert.deepEqual(supportedDevices({ ...LINUX, platform: "win32", backends: ["cpu", "dml", "webgpu"] }), [
    "cpu",
    "webgpu",
    "directml",
  ]);
  assert.deepEqual(
    supportedDevices({ ...LINUX, platform: "darwin", arch: "arm64", backends: ["cpu", "coreml", "webgpu"] }),
    ["cpu", "webgpu", "coreml"],
  );
});

test("ADEPT_DEVICES narrows the choice, but never to nothing", () => {
  assert.deepEqual(allowed(["cpu", "webgpu", "cuda"], undefined), ["cpu", "webgpu", "cuda"]);
  assert.deepEqual(allowed(["cpu", "webgpu", "cuda"], "cuda, tfjs"), ["cpu", "cuda"]);
  assert.deepEqual(allowed(["cpu", "webgpu"], ""), ["cpu"]);
});

test("a run is analysed on the device it was trained on, or on the processor where this machine cannot have that device", () => {
  const engine = { threads: 3, replicas: 2 };
  const backends = detectDeviceSupport().backends;
  assert.deepEqual(engineHere({ ...engine, device: "auto" }), { ...engine, device: "cpu" });
  for (const [device, provider] of [
    ["coreml", "coreml"],
    ["directml", "dml"],
  ] as const)
    assert.equal(engineHere({ ...engine, device }).device, backends.includes(provider) ? device : "cpu");
});

test("a device that the platform does not have is refused with advice", () => {
  requireDevice("cpu", { ...LINUX, backends: [] });
  requireDevice("webgpu", LINUX);
  requireDevice("cuda", { ...LINUX, cudaProvider: true });
  assert.match(refused("directml", LINUX).message, /Windows only/);
  assert.match(refused("coreml", LINUX).message, /macOS only/);
  assert.match(
    refused("cuda", { ...LINUX, arch: "arm64", backends: ["cpu", "webgpu"] }).message,
    /Linux x64 only, not for linux arm64/,
  );
  assert.match(refused("cuda", LINUX).action ?? "", /^ONNXRUNTIME_NODE_INSTALL=cuda12 node ".*script.install\.js"$/);
  assert.match(
    installCuda(join("dist", "node_modules", "none"), "1.2.3"),
    /onnxruntime-node@1\.2\.3 && cp /,
    "a package without the script has another way",
  );
});

test("known errors of onnxruntime become messages about what is missing; unknown errors stay unchanged", () => {
  const said = (device: Device, message: string, machine: DeviceSupport = LINUX): string => {
    const told = explainDevice(new Error(message), device, machine);
    return told instanceof UserError ? `${told.message} | ${told.action}` : "untold";
  };
  assert.match(
    said(
      "webgpu",
      "core/providers/webgpu/webgpu_context.cc:136 ... Failed to get a WebGPU adapter: No supported adapters\n",
    ),
    /no graphics processor.*\| sudo apt-get install -y libvulkan1/,
  );
  assert.match(
    said("cuda", "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library"),
    /no NVIDIA graphics processor/,
  );
  assert.match(
    said("cuda", "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library", {
      ...LINUX,
      nvidia: true,
    }),
    /CUDA 12 or cuDNN 9.*\| .*cuda-libraries-12/,
  );
  assert.match(
    said("directml", "no available backend found. ERR: [dml] backend not found."),
    /no "directml" on this machine/,
  );
  assert.match(
    said("cuda", "CUDA failure 2: out of memory ; GPU=0", { ...LINUX, nvidia: true }),
    /memory of "cuda".*\| .*training\.batchSize/,
  );
  assert.equal(said("webgpu", "Node (v3) Op (Expand) has the wrong rank"), "untold");
  assert.equal(said("cpu", "Node (v3) Op (Expand) has the wrong rank"), "untold");
});

test("a failed allocation on the processor becomes a message about memory, whichever part fails", () => {
  for (const message of [
    "std::bad_alloc",
    "bad allocation",
    "Exception during initialization: Failed to allocate memory for requested buffer of size 9",
    "Array buffer allocation failed",
  ]) {
    const told = explainDevice(new RangeError(message), "cpu", LINUX);
    assert.ok(
      told instanceof UserError &&
        told.message.startsWith("The memory of this machine is not enough: ") &&
        /maxSourceLength/.test(told.action!),
      message,
    );
  }
  const other = new Error("Non-zero status code");
  assert.equal(explainDevice(other, "cpu", LINUX), other);
});

test("every device has an engine with a name, or a reason why not", () => {
  for (const device of DEVICES) {
    try {
      assert.match(
        openEngine({ device, threads: 1, replicas: 1 }).name,
        /^(onnxruntime (CPU|WebGPU|CUDA|DirectML|Core ML)|TensorFlow.*|PyTorch)$/,
      );
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
    }
  }
  assert.equal(openEngine({ device: "cpu", threads: 1, replicas: 1 }).name, "onnxruntime CPU");
});
