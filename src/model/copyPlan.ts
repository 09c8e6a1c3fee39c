import { availableParallelism } from "node:os";
import type { Device } from "../engine/engineSpec.ts";
import { methodOf } from "../method/registry.ts";
import { GPU_PART_TOKENS } from "./batchParts.ts";
import type { ModelOptions } from "./localModel.ts";

/**
 * Bytes of weights, over all copies, up to which every core gets a model of its own: that scales better than several
 * cores at one product, and costs memory.
 */
const MOST_COPIED = 600e6;
const MOST_REPLICAS = 8;
const ON_GPU: readonly Device[] = ["webgpu", "cuda", "directml", "coreml"];

/** Tokens of a part on a device; undefined: the processor's. */
export const partTokensOn = (device: Device): number | undefined =>
  ON_GPU.includes(device) ? GPU_PART_TOKENS : undefined;

/** Copies of a model that share each batch, and the threads of each. */
export interface CopyPlan {
  replicas: number;
  threads: number;
}

/** How many copies of a model share each batch, and the threads of each. */
export function planCopies(
  { engine, method, inputEmbeddings, folded }: Pick<ModelOptions, "engine" | "method" | "inputEmbeddings" | "folded">,
  weightBytes: number,
): CopyPlan {
  const threads = engine.threads === 0 ? availableParallelism() : engine.threads;
  if (engine.device !== "cpu" && engine.replicas === 0) return { replicas: 1, threads: engine.threads };
  // Tensors as large as the backbone would travel each step.
  const alone = methodOf(method.kind).trainsBackbone === true || inputEmbeddings === true || folded !== undefined;
  const own =
    engine.replicas > 0 ? engine.replicas : Math.min(threads, MOST_REPLICAS, Math.floor(MOST_COPIED / weightBytes));
  const replicas = alone ? 1 : Math.max(1, own);
  return { replicas, threads: Math.max(1, Math.floor(threads / replicas)) };
}
