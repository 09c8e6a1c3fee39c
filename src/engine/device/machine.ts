import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, homedir } from "node:os";
import { dirname, join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { UserError } from "../../base/errors.ts";
import { findTensorFlow } from "../tfjs/findTensorFlow.ts";

/** What says which devices a machine could have; found without opening a driver. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  /** onnxruntime's providers of this platform, by its own names */
  backends: readonly string[];
  /** onnxruntime's CUDA provider is installed */
  cudaProvider: boolean;
  nvidia: boolean;
  /** a Vulkan driver, and hardware for it, or one that the environment names */
  vulkan: boolean;
  /** TensorFlow.js's form for NVIDIA GPUs is installed */
  tensorFlowGpu: boolean;
}

const require = createRequire(import.meta.url);

/** The folder of onnxruntime's package. */
export const onnxruntimeFolder = (): string => dirname(require.resolve("onnxruntime-node/package.json"));
export const onnxruntimeVersion = (): string =>
  (require("onnxruntime-node/package.json") as { version: string }).version;

/** Where the CUDA provider's libraries belong. */
export const providerFolder = (): string => join(onnxruntimeFolder(), "bin", "napi-v6", process.platform, process.arch);

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
  // Mesa's software driver computes on the processor.
  return (
    hardware &&
    folders.some((folder) => namesIn(folder).some((name) => name.endsWith(".json") && !name.startsWith("lvp_")))
  );
}

/** One without its native part is told by what asks for it by name. */
function hasTensorFlowGpu(): boolean {
  try {
    return findTensorFlow()?.name.endsWith("-gpu") === true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** This machine, by its files; a few milliseconds. */
export function lookAtMachine(): Machine {
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

/** What a time measured here holds for: processor, graphics processors, and the driver that the environment names. */
export function machineName(): string {
  const own = cpus();
  const nvidia = "/proc/driver/nvidia/gpus";
  const pci = "/sys/class/drm";
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  const models = namesIn(nvidia).map(
    (name) => /Model:\s*(.+)/.exec(read(join(nvidia, name, "information")))?.[1] ?? "",
  );
  const cards = namesIn(pci)
    .filter((name) => name.startsWith("renderD"))
    .map((name) => `${read(join(pci, name, "device/vendor"))}:${read(join(pci, name, "device/device"))}`);
  return [
    `${own[0]?.model ?? process.arch} x${own.length}`,
    ...models,
    ...cards,
    process.env["VK_ICD_FILENAMES"] ?? "",
    process.env["CUDA_VISIBLE_DEVICES"] ?? "",
  ].join("; ");
}
