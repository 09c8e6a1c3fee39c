import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { UserError } from "../../base/errors.ts";
import { providerFolder } from "./onnxruntimePackage.ts";
import { hasNvidia, hasTorchHardware } from "../hardwareHere.ts";
import { findTensorFlow } from "../tfjs/findTensorFlow.ts";
import { hasTorch } from "../torch/lookForTorch.ts";
import { namedDevices } from "./namedDevices.ts";

/** What decides which devices a machine can offer: platform, hardware and installed parts. */
export interface DeviceSupport {
  platform: NodeJS.Platform;
  arch: string;
  /** onnxruntime's execution providers for this platform, by its own names. */
  backends: readonly string[];
  /** Whether onnxruntime's CUDA provider is installed. */
  cudaProvider: boolean;
  /** Whether there is an NVIDIA GPU with a driver. */
  nvidia: boolean;
  /** Whether there is a Vulkan driver with hardware for it, or one that the environment names. */
  vulkan: boolean;
  /** Whether the TensorFlow.js package for NVIDIA GPUs is installed. */
  tensorFlowGpu: boolean;
  /**
   * Whether a Python has PyTorch, and there is hardware for it (an NVIDIA, AMD or Apple GPU, or a processor with bf16
   * products) or ADEPT_DEVICES names it.
   */
  torch: boolean;
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function hasVulkan(): boolean {
  if ((process.env["VK_ICD_FILENAMES"] ?? process.env["VK_DRIVER_FILES"] ?? "") !== "") return true;
  const hardware =
    namesIn("/dev/dri").some((name) => name.startsWith("renderD")) || hasNvidia() || existsSync("/dev/dxg");
  const folders = [
    "/usr/share/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
    join(homedir(), ".local/share/vulkan/icd.d"),
  ];
  // Mesa's software driver (lvp) computes on the processor, so it is no reason to offer WebGPU.
  return (
    hardware &&
    folders.some((folder) => namesIn(folder).some((name) => name.endsWith(".json") && !name.startsWith("lvp_")))
  );
}

/**
 * Whether the TensorFlow.js package for GPUs is installed. A package without its native part counts as absent here;
 * `requireTensorFlow` reports it where the experiment names it.
 */
function hasTensorFlowGpu(): boolean {
  try {
    return findTensorFlow()?.name.endsWith("-gpu") === true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/**
 * Detects what this machine supports: no driver is opened. It takes a few milliseconds, and once in a process the start
 * of a Python where there is hardware for PyTorch.
 */
export function detectDeviceSupport(): DeviceSupport {
  return {
    platform: process.platform,
    arch: process.arch,
    backends: listSupportedBackends().map(({ name }) => name),
    vulkan: hasVulkan(),
    tensorFlowGpu: hasTensorFlowGpu(),
    cudaProvider: existsSync(join(providerFolder(), "libonnxruntime_providers_cuda.so")),
    nvidia: hasNvidia(),
    torch: (hasTorchHardware() || namedDevices(process.env["ADEPT_DEVICES"])?.includes("torch") === true) && hasTorch(),
  };
}
