import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import util from "node:util";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { firstLine } from "../runtimeWords.ts";
import { installCommand, requireTensorFlow, TENSORFLOW_WANTS, type FoundTensorFlow } from "./findTensorFlow.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** Environment variables that libtensorflow reads when it is loaded; those already set are kept. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  // The same bits from the same input, so that a resumed run continues exactly.
  TF_DETERMINISTIC_OPS: "1",
  // Full fp32 on every engine: newer GPUs would otherwise round factors to 10 bits (TF32).
  NVIDIA_TF32_OVERRIDE: "0",
  // The same rounding on every processor: with AVX-512 TensorFlow would take oneDNN's kernels, which round more.
  TF_ENABLE_ONEDNN_OPTS: "0",
  // TensorFlow would otherwise reserve all memory of the GPU at once.
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  TF_CPP_MIN_LOG_LEVEL: "2",
};

interface Loaded {
  tf: TensorFlow;
  /** The name of the device that computes, for display. */
  name: string;
}
let loaded: Loaded | undefined;

/** Restores two functions of node:util that the package calls and Node 23 removed. */
function restoreUtil(): void {
  const missing = {
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, value] of Object.entries(missing)) if (!(name in util)) Object.assign(util, { [name]: value });
}

/** The GPU's name from nvidia-smi, which comes with the driver. */
function gpuName(): string {
  const device = process.env["CUDA_VISIBLE_DEVICES"]?.split(",")[0];
  const which = device === undefined || device === "" ? [] : ["-i", device];
  const { status, stdout } = spawnSync("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader", ...which], {
    encoding: "utf8",
    timeout: 10_000,
  });
  const [name] = status === 0 ? stdout.split("\n") : [];
  return name === undefined || name.trim() === "" ? "TensorFlow GPU" : `TensorFlow GPU (${name.trim()})`;
}

function load({ name, folder }: FoundTensorFlow, threads: number): Loaded {
  const environment = threads > 0 ? { ...ENVIRONMENT, TF_NUM_INTRAOP_THREADS: String(threads) } : ENVIRONMENT;
  for (const [key, value] of Object.entries(environment)) process.env[key] ??= value;
  restoreUtil();
  try {
    const tf = createRequire(join(folder, "package.json"))(folder) as TensorFlow;
    tf.enableProdMode();
    return { tf, name: tf.backend().isUsingGpuDevice ? gpuName() : "TensorFlow CPU" };
  } catch (error) {
    throw new UserError(
      "tensorflow-not-loadable",
      phrase`${name} in ${folder} does not load: ${firstLine(error as Error)}`,
      phrase`${TENSORFLOW_WANTS}. To install it anew: ${installCommand()}`,
    );
  }
}

/**
 * Loads TensorFlow, once in a process, with the first caller's number of threads (0: TensorFlow's default).
 * @throws UserError where none is installed, or it does not load
 */
export function loadTensorFlow(threads: number): Loaded {
  if (loaded !== undefined) return loaded;
  return (loaded = load(requireTensorFlow(), threads));
}
