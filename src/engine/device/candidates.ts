import { DEVICES, type Device, type EngineChoice, type EngineSpec } from "../engineSpec.ts";

/** What "auto" measures: every device, and PyTorch with its products in bf16 beside fp32. */
export const CANDIDATES = [...DEVICES, "torch bf16"] as const;
export type Candidate = (typeof CANDIDATES)[number];

/**
 * The engine of a candidate. PyTorch's products are fp32 or bf16, as the candidate says; other devices have none of its
 * settings.
 */
export function engineOf(candidate: Candidate, engine: EngineChoice): EngineSpec {
  if (candidate === "torch") return { ...engine, device: "torch", compute: "fp32" };
  if (candidate === "torch bf16") return { ...engine, device: "torch", compute: "bf16" };
  const { torchDevice: _device, compute: _compute, tf32: _tf32, ...others } = engine;
  return { ...others, device: candidate };
}

/**
 * The candidates for an experiment's engine on the devices that a machine may offer. Where the experiment says what
 * products are computed in, only PyTorch in that type is one.
 * @param hasBf16 whether the hardware that PyTorch drives multiplies in bf16
 */
export function candidatesOf(devices: readonly Device[], { compute }: EngineChoice, hasBf16: boolean): Candidate[] {
  return devices.flatMap((device): Candidate[] => {
    if (device !== "torch") return [device];
    return [
      ...(compute === "bf16" ? [] : (["torch"] as const)),
      ...(compute === "bf16" || (compute === undefined && hasBf16) ? (["torch bf16"] as const) : []),
    ];
  });
}
