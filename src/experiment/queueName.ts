import type { EngineChoice } from "../engine/engineSpec.ts";

/**
 * The name of the queue of runs on an engine: its device, and of PyTorch the GPU that it names, so that several GPUs
 * have a queue each. A queue's name consists of letters, digits and underscores.
 */
export function queueName({ device, torchDevice = "auto" }: Pick<EngineChoice, "device" | "torchDevice">): string {
  if (device !== "torch" || torchDevice === "auto") return device;
  const [kind, index = kind === "cuda" || kind === "rocm" ? "0" : undefined] = torchDevice.split(":");
  return ["torch", kind, index].filter((part) => part !== undefined).join("_");
}
