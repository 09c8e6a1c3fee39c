import * as z from "zod";

/**
 * The devices that can compute a graph: onnxruntime's execution providers, and TensorFlow.js (on a GPU where its GPU
 * package is installed).
 */
export const DEVICES = ["cpu", "webgpu", "cuda", "directml", "coreml", "tfjs", "torch"] as const;
/** The name of a device. */
export type Device = (typeof DEVICES)[number];

const Fields = z.strictObject({
  device: z
    .enum(["auto", ...DEVICES])
    .default("auto")
    .describe(
      'Device that computes; "auto" measures a training step on every device of the machine and takes the fastest',
    ),
  torchDevice: z
    .string()
    .regex(/^(auto|cpu|mps|(cuda|rocm)(:\d{1,3})?)$/)
    .optional()
    .describe(
      'Device of PyTorch, with "device": "torch": "cuda", "cuda:1", "rocm", "mps" or "cpu"; "auto" (default) is its first graphics processor, else the processor',
    ),
  compute: z
    .enum(["fp32", "bf16"])
    .optional()
    .describe(
      'What the backbone\'s products are computed in, with "device": "torch": "fp32" (default), or "bf16" with fp32 sums; norms, softmax, loss and the method stay fp32. What it costs in loss is measured before training',
    ),
  tf32: z
    .boolean()
    .optional()
    .describe('Whether fp32 products of an NVIDIA GPU may have 10 bits of mantissa (TF32), with "device": "torch"'),
  threads: z.number().int().nonnegative().default(0).describe("Number of threads; 0: the engine chooses"),
  replicas: z
    .number()
    .int()
    .nonnegative()
    .max(64)
    .default(0)
    .describe(
      "Copies of the model that share each batch; 0: chosen by the size of the backbone, for a small one a copy per core",
    ),
  generation: z
    .enum(["exact", "rounded"])
    .optional()
    .describe(
      'How texts are generated with weights of 4 or 8 bits on the processor: "exact" (default) computes in fp32; "rounded" rounds what the weights are multiplied by to 8 bits in groups, as llama.cpp does, and takes about half the time. Training and scores are exact in either case',
    ),
  memory: z
    .enum(["check", "fast", "spare", "least", "ignore"])
    .optional()
    .describe(
      '"check" (default): the run ends before its first step if memory is too small; "fast": in addition, the weights of a large decoder-only model are copied on the processor too, for steps that take about a twentieth less time; "spare": no copies of the weights are made, and a step takes about a tenth more time; "least": as "spare", and only the input of each layer is kept for the backward pass, which computes the layer a second time (a step takes about a third more time; other settings do so where a run would not fit otherwise); "ignore": as "check" without the check',
    ),
});
/** An engine in an experiment file. The name of a device alone means an engine on it. */
export const EngineInput = z.preprocess((given) => (typeof given === "string" ? { device: given } : given), Fields);
/** An engine as an experiment states it; the device may be "auto". */
export type EngineChoice = z.output<typeof Fields>;
/** An engine whose device is chosen. */
export type EngineSpec = EngineChoice & { device: Device };

/** Replaces the device "auto" by the processor, which every machine has; used where no device is to be measured. */
export const settled = (engine: EngineChoice): EngineSpec => ({
  ...engine,
  device: engine.device === "auto" ? "cpu" : engine.device,
});
