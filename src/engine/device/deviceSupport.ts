import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { UserError } from "../../base/errors.ts";
import { providerFolder } from "./onnxruntimePackage.ts";
import { findTensorFlow } from "../tfjs/findTensorFlow.ts";

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
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function hasVulkan(): boolean {
  if ((process.env["VK_ICD_FILENAMES"] ?? process.env["VK_DRIVER_FILES"] ?? "") !== "") return true;
  const hardware =
    namesIn("/dev/dri").some((name) => name.startsWith("renderD")) ||
    existsSync("/dev/nvidia0") ||
    existsSync("/dev/dxg");
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
 * Detects what this machine supports by looking at files only: no driver is opened, and it takes a few milliseconds.
 */
export function detectDeviceSupport(): DeviceSupport {
  return {
    platform: process.platform,
    arch: process.arch,
    backends: listSupportedBackends().map(({ name }) => name),
    vulkan: hasVulkan(),
    tensorFlowGpu: hasTensorFlowGpu(),
    cudaProvider: existsSync(join(providerFolder(), "libonnxruntime_providers_cuda.so")),
    nvidia: existsSync("/dev/nvidia0") || existsSync("/usr/lib/wsl/lib/libcuda.so.1"),
  };
}
