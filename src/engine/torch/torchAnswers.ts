import * as z from "zod";

/** A graphics processor as PyTorch reports it, in bytes. */
const Processor = z.object({ index: z.number(), name: z.string(), free: z.number(), total: z.number() });

/** What a process says of its PyTorch and device once both are there. */
export const TorchTold = z.object({
  torch: z.string(),
  python: z.string(),
  executable: z.string(),
  /** The device's name in PyTorch, such as "cuda:0". */
  device: z.string(),
  /** The hardware's name; that of a processor is "cpu". */
  name: z.string(),
  /** CUDA's or ROCm's version. */
  runtime: z.string().nullable(),
  /** Whether the hardware multiplies in bf16. */
  bf16: z.boolean(),
  processors: z.array(Processor),
});
export type TorchTold = z.infer<typeof TorchTold>;

/** Why a process has no PyTorch or no such device. */
export const TorchRefused = z.object({
  refused: z.enum(["missing", "old", "broken", "device"]),
  detail: z.string(),
});
export type TorchRefused = z.infer<typeof TorchRefused>;

/** The first frame of a process. */
export const FirstAnswer = z.union([TorchTold, TorchRefused]);

/** A failed call. */
export const Failed = z.object({
  error: z.object({ kind: z.enum(["memory", "error"]), message: z.string(), stack: z.string() }),
});
export const Compiled = z.object({ program: z.number() });
export const Ran = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["float32", "int32", "bool"]),
      dims: z.array(z.number().int().nonnegative()),
      /** The number under which the process holds the tensor; its values are then not in the data. */
      held: z.number().optional(),
    }),
  ),
  notes: z.array(z.string()).optional(),
});
/** Memory of a graphics processor in bytes; empty on a device that does not tell. `peak`: most that was reserved. */
export const Memory = z.object({
  free: z.number().optional(),
  total: z.number().optional(),
  peak: z.number().optional(),
});
