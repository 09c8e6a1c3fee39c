import * as z from "zod";

/**
 * The devices that can compute a graph: onnxruntime's execution providers, and TensorFlow.js (on a GPU where its GPU
 * package is installed).
 */
export const DEVICES = ["cpu", "webgpu", "cuda", "directml", "coreml", "tfjs"] as const;
export type Device = (typeof DEVICES)[number];

const Fields = z.strictObject({
  device: z
    .enum(["auto", ...DEVICES])
    .default("auto")
    .describe('Where it is computed; "auto" measures a step on every device of the machine and takes the fastest'),
  threads: z.number().int().nonnegative().default(0).describe("Threads; 0 leaves it to the engine"),
  replicas: z
    .number()
    .int()
    .nonnegative()
    .max(64)
    .default(0)
    .describe(
      "Copies of the model that share each batch; 0 leaves it to the engine: one a core while the backbone is small",
    ),
  memory: z
    .enum(["check", "spare", "ignore"])
    .optional()
    .describe(
      '"check", the default, says before the first step where memory is too small; "spare" makes no copies of the weights either, on the processor: a step takes about a tenth more time; "ignore" trains all the same',
    ),
});
/** An engine in an experiment file; the name of a device stands for an engine on it. */
export const EngineInput = z.preprocess((given) => (typeof given === "string" ? { device: given } : given), Fields);
/** An engine as an experiment asks for it; the device may be "auto". */
export type EngineChoice = z.output<typeof Fields>;
/** An engine whose device is chosen. */
export type EngineSpec = EngineChoice & { device: Device };

/** Replaces "auto" by the processor, which every machine has, where no device is to be measured. */
export const settled = (engine: EngineChoice): EngineSpec => ({
  ...engine,
  device: engine.device === "auto" ? "cpu" : engine.device,
});
