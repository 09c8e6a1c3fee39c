import * as z from "zod";

/** Where a graph can be computed: onnxruntime's providers by their device, and TensorFlow.js (its GPU form where that is installed). */
export const DEVICES = ["cpu", "webgpu", "cuda", "directml", "coreml", "tfjs"] as const;
export type Device = (typeof DEVICES)[number];

export const EngineInput = z.strictObject({
  device: z.enum(DEVICES).default("cpu").describe("Where it is computed"),
  threads: z.number().int().nonnegative().default(0).describe("Threads; 0 leaves it to the engine"),
  replicas: z.number().int().nonnegative().max(64).default(0).describe("Copies of the model that share each batch; 0 leaves it to the engine: one a core while the backbone is small"),
});
export type EngineSpec = z.output<typeof EngineInput>;
