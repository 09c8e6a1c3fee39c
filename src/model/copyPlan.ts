import { availableCores } from "../base/availableCores.ts";
import type { Device } from "../engine/engineSpec.ts";
import { methodOf } from "../method/registry.ts";
import { GPU_PART_TOKENS, TORCH_PART_TOKENS } from "./batchParts.ts";
import type { ModelOptions } from "./localModel.ts";

/**
 * The most bytes of weights over all copies of a model. Up to it every core gets a copy, which scales better than
 * several cores at one product, but costs memory.
 */
const MOST_COPIED = 600e6;
const MOST_REPLICAS = 8;
const ON_GPU: readonly Device[] = ["webgpu", "cuda", "directml", "coreml"];

/**
 * Tokens of a part on a device; undefined for the processor, which uses the default.
 * @param torchOnProcessor whether PyTorch, where it is the device, computes on the processor
 */
export function partTokensOn(device: Device, torchOnProcessor = true): number | undefined {
  if (device === "torch") return torchOnProcessor ? TORCH_PART_TOKENS : GPU_PART_TOKENS;
  return ON_GPU.includes(device) ? GPU_PART_TOKENS : undefined;
}

/** The number of copies of a model that share each batch, and the threads of each. */
export interface CopyPlan {
  replicas: number;
  threads: number;
}

/**
 * Chooses how many copies of a model share each batch, and the threads of each.
 * @param weightBytes the bytes that a copy counts for
 */
export function planCopies(
  { engine, method, inputEmbeddings, folded }: Pick<ModelOptions, "engine" | "method" | "inputEmbeddings" | "folded">,
  weightBytes: number,
): CopyPlan {
  const threads = engine.threads === 0 ? availableCores() : engine.threads;
  if (engine.device !== "cpu" && engine.replicas === 0) return { replicas: 1, threads: engine.threads };
  // Otherwise each step would send tensors as large as the backbone to the copies.
  const alone = methodOf(method.kind).trainsBackbone === true || inputEmbeddings === true || folded !== undefined;
  const own =
    engine.replicas > 0 ? engine.replicas : Math.min(threads, MOST_REPLICAS, Math.floor(MOST_COPIED / weightBytes));
  const replicas = alone ? 1 : Math.max(1, own);
  return { replicas, threads: Math.max(1, Math.floor(threads / replicas)) };
}
