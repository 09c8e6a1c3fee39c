import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { Device } from "../engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import { requireTensorFlow } from "../tfjs/findTensorFlow.ts";
import { detectDeviceSupport, type DeviceSupport } from "./deviceSupport.ts";
import { onnxruntimeFolder, onnxruntimeVersion, providerFolder } from "./onnxruntimePackage.ts";

/**
 * Returns the command that installs onnxruntime's CUDA provider. A packaged extension lacks the package's install
 * script; there, npm fetches the package into another folder and the provider is copied.
 */
export function installCuda(folder = onnxruntimeFolder(), version = onnxruntimeVersion()): string {
  const script = join(folder, "script", "install.js");
  if (existsSync(script)) return `ONNXRUNTIME_NODE_INSTALL=cuda12 node "${relative(process.cwd(), script)}"`;
  return `ONNXRUNTIME_NODE_INSTALL=cuda12 npm install --ignore-scripts=false --prefix "$HOME/.adept/cuda" onnxruntime-node@${version} && cp "$HOME/.adept/cuda/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/"libonnxruntime_providers_* "${providerFolder()}"`;
}

const VULKAN =
  "sudo apt-get install -y libvulkan1 mesa-vulkan-drivers (Intel and AMD; NVIDIA's own driver brings its part along)";
const CUDA_LIBRARIES = "sudo apt-get install -y cuda-libraries-12-8 libcudnn9-cuda-12 (from NVIDIA's repository)";

/**
 * Checks that this platform and its installed parts allow a device.
 * @throws UserError with the command or setting that helps, where they do not
 */
export function requireDevice(device: Device, machine?: DeviceSupport): void {
  if (device === "cpu") return;
  if (device === "tfjs") {
    requireTensorFlow();
    return;
  }
  const { platform, arch, backends, cudaProvider } = machine ?? detectDeviceSupport();
  if (device === "directml" && !backends.includes("dml"))
    throw new UserError(
      'engine.device: "directml" is for Windows only',
      'Use "auto", or another device; adept doctor lists them.',
    );
  if (device === "coreml" && !backends.includes("coreml"))
    throw new UserError(
      'engine.device: "coreml" is for macOS only',
      'Use "auto", or another device; adept doctor lists them.',
    );
  if (device === "webgpu" && !backends.includes("webgpu"))
    throw new UserError(
      `engine.device: onnxruntime has no WebGPU for ${platform} ${arch}`,
      'Use "auto", or another device; adept doctor lists them.',
    );
  if (device !== "cuda") return;
  if (!backends.includes("cuda"))
    throw new UserError(
      `engine.device: onnxruntime has CUDA for Linux x64 only, not for ${platform} ${arch}`,
      'Use "auto", or another device; adept doctor lists them.',
    );
  if (!cudaProvider) throw new UserError("engine.device: onnxruntime's part for CUDA is not installed", installCuda());
}

/** Whether an error message says that memory ran out, in the words of onnxruntime, C++ or JavaScript. */
export const isMemoryTrouble = (message: string): boolean =>
  /out of memory|OUTOFMEMORY|Failed to allocate memory|BFCArena|bad_alloc|bad allocation|Array buffer allocation failed/i.test(
    message,
  );

/**
 * Turns an engine's error into a UserError that names the device's problem and the command that helps; returns any
 * other error unchanged.
 */
export function explainDevice(error: unknown, device: Device, machine: DeviceSupport = detectDeviceSupport()): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  if (device === "cpu")
    return isMemoryTrouble(error.message)
      ? new UserError(
          `The memory of this machine is not enough: ${error.message.split("\n")[0]!}`,
          "Lower training.maxSourceLength, set engine.replicas to 1, or use a smaller backbone.",
        )
      : error;
  const [first = ""] = error.message.split("\n");
  const { message } = error;
  if (isMemoryTrouble(message))
    return new UserError(
      `The memory of "${device}" is not enough: ${first}`,
      'Lower training.batchSize (training.accumulation makes up for it) or training.maxSourceLength, or use engine.device "cpu".',
    );
  if (device === "webgpu" && /webgpu_context|WebGPU adapter|WebGPU device/i.test(message))
    return new UserError(
      "engine.device: WebGPU finds no graphics processor with a driver that it can use",
      machine.platform === "linux" ? VULKAN : "Install the newest driver of the graphics processor.",
    );
  if (device === "cuda" && !machine.nvidia)
    return new UserError(
      'engine.device: "cuda" finds no NVIDIA graphics processor with a driver',
      'sudo apt-get install -y nvidia-driver (then restart), or use engine.device "auto"',
    );
  if (device === "cuda" && /shared library|\.so\b|Failed to load|driver version/i.test(message))
    return new UserError(`engine.device: CUDA 12 or cuDNN 9 cannot be loaded: ${first}`, CUDA_LIBRARIES);
  if (/no available backend|backend not found/i.test(message))
    return new UserError(
      `engine.device: onnxruntime has no "${device}" on this machine`,
      'Use "auto", or another device; adept doctor lists them.',
    );
  return error;
}
