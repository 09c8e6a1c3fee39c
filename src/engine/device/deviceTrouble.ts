import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { Device } from "../engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, verbatim } from "../../base/phrase.ts";
import { requireTensorFlow } from "../tfjs/findTensorFlow.ts";
import { requireTorch } from "../torch/torchTrouble.ts";
import { detectDeviceSupport, type DeviceSupport } from "./deviceSupport.ts";
import { onnxruntimeFolder, onnxruntimeVersion, providerFolder } from "./onnxruntimePackage.ts";
import { firstLine, saysLibraryMissing, saysNoAdapter, saysNoBackend, saysOutOfMemory } from "../runtimeWords.ts";

/**
 * Returns the command that installs onnxruntime's CUDA provider. A packaged extension lacks the package's install
 * script; there, npm fetches the package into another folder and the provider is copied.
 */
export function installCuda(folder = onnxruntimeFolder(), version = onnxruntimeVersion()): string {
  const script = join(folder, "script", "install.js");
  if (existsSync(script)) return `ONNXRUNTIME_NODE_INSTALL=cuda12 node "${relative(process.cwd(), script)}"`;
  return `ONNXRUNTIME_NODE_INSTALL=cuda12 npm install --ignore-scripts=false --prefix "$HOME/.adept/cuda" onnxruntime-node@${version} && cp "$HOME/.adept/cuda/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/"libonnxruntime_providers_* "${providerFolder()}"`;
}

const VULKAN = phrase`sudo apt-get install -y libvulkan1 mesa-vulkan-drivers (Intel and AMD; NVIDIA's own driver brings its part along)`;
const CUDA_LIBRARIES = phrase`sudo apt-get install -y cuda-libraries-12-8 libcudnn9-cuda-12 (from NVIDIA's repository)`;

/**
 * Checks that this platform and its installed parts allow a device.
 * @throws UserError with the command or setting that helps, where they do not
 */
export function requireDevice(device: Device, machine?: DeviceSupport): void {
  if (device === "cpu") return;
  if (device === "torch") {
    requireTorch();
    return;
  }
  if (device === "tfjs") {
    requireTensorFlow();
    return;
  }
  const { platform, arch, backends, cudaProvider } = machine ?? detectDeviceSupport();
  if (device === "directml" && !backends.includes("dml"))
    throw new UserError(
      "directml-not-windows",
      phrase`engine.device: "directml" is for Windows only`,
      phrase`Use "auto", or another device; adept doctor lists them.`,
    );
  if (device === "coreml" && !backends.includes("coreml"))
    throw new UserError(
      "coreml-not-macos",
      phrase`engine.device: "coreml" is for macOS only`,
      phrase`Use "auto", or another device; adept doctor lists them.`,
    );
  if (device === "webgpu" && !backends.includes("webgpu"))
    throw new UserError(
      "webgpu-not-on-platform",
      phrase`engine.device: onnxruntime has no WebGPU for ${platform} ${arch}`,
      phrase`Use "auto", or another device; adept doctor lists them.`,
    );
  if (device !== "cuda") return;
  if (!backends.includes("cuda"))
    throw new UserError(
      "cuda-not-on-platform",
      phrase`engine.device: onnxruntime has CUDA for Linux x64 only, not for ${platform} ${arch}`,
      phrase`Use "auto", or another device; adept doctor lists them.`,
    );
  if (!cudaProvider)
    throw new UserError(
      "cuda-part-not-installed",
      phrase`engine.device: onnxruntime's part for CUDA is not installed`,
      verbatim(installCuda()),
    );
}

/** Codes of errors that no command can mend: the platform does not have the device. */
export const NOT_ON_PLATFORM: readonly string[] = [
  "directml-not-windows",
  "coreml-not-macos",
  "webgpu-not-on-platform",
  "cuda-not-on-platform",
  "device-not-in-onnxruntime",
];

const MEMORY_SHORT: readonly string[] = ["machine-memory-short", "device-memory-short", "torch-memory-short"];

/** Whether an error, explained or not, means that memory was not available. */
export const isMemoryTrouble = (error: unknown): boolean =>
  error instanceof UserError ? MEMORY_SHORT.includes(error.code) : error instanceof Error && saysOutOfMemory(error);

/**
 * Turns an engine's error into a UserError that names the device's problem and the command that helps; returns any
 * other error unchanged.
 */
export function explainDevice(error: unknown, device: Device, machine: DeviceSupport = detectDeviceSupport()): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  if (device === "cpu")
    return saysOutOfMemory(error)
      ? new UserError(
          "machine-memory-short",
          phrase`The memory of this machine is not enough: ${firstLine(error)}`,
          phrase`Lower training.maxSourceLength, set engine.replicas to 1, or use a smaller backbone.`,
        )
      : error;
  const first = firstLine(error);
  if (saysOutOfMemory(error))
    return new UserError(
      "device-memory-short",
      phrase`The memory of "${device}" is not enough: ${first}`,
      phrase`Lower training.batchSize (training.accumulation makes up for it) or training.maxSourceLength, or use engine.device "cpu".`,
    );
  if (device === "webgpu" && saysNoAdapter(error))
    return new UserError(
      "webgpu-adapter-missing",
      phrase`engine.device: WebGPU finds no graphics processor with a driver that it can use`,
      machine.platform === "linux" ? VULKAN : phrase`Install the newest driver of the graphics processor.`,
    );
  if (device === "cuda" && !machine.nvidia)
    return new UserError(
      "cuda-driver-missing",
      phrase`engine.device: "cuda" finds no NVIDIA graphics processor with a driver`,
      phrase`sudo apt-get install -y nvidia-driver (then restart), or use engine.device "auto"`,
    );
  if (device === "cuda" && saysLibraryMissing(error))
    return new UserError(
      "cuda-libraries-missing",
      phrase`engine.device: CUDA 12 or cuDNN 9 cannot be loaded: ${first}`,
      CUDA_LIBRARIES,
    );
  if (saysNoBackend(error))
    return new UserError(
      "device-not-in-onnxruntime",
      phrase`engine.device: onnxruntime has no "${device}" on this machine`,
      phrase`Use "auto", or another device; adept doctor lists them.`,
    );
  return error;
}
