import { DEVICES, settled, type Device, type EngineChoice, type EngineSpec } from "../engineSpec.ts";
import { lookAtMachine, type Machine } from "./machine.ts";

/** The devices that a machine could have, the processor first. Whether one works, a step on it tells. */
export function devicesOf({ platform, backends, cudaProvider, nvidia, vulkan, tensorFlowGpu }: Machine): Device[] {
  const there: Record<Device, boolean> = {
    cpu: true,
    webgpu: backends.includes("webgpu") && (platform !== "linux" || vulkan),
    cuda: backends.includes("cuda") && cudaProvider && nvidia,
    directml: backends.includes("dml"),
    coreml: backends.includes("coreml"),
    tfjs: tensorFlowGpu && (nvidia || platform === "win32"),
  };
  return DEVICES.filter((device) => there[device]);
}

/** What ADEPT_DEVICES, a list with commas, leaves of some devices; the processor always stays. */
export function allowed(devices: readonly Device[], names: string | undefined): Device[] {
  const wanted = names?.split(",").map((name) => name.trim());
  return devices.filter((device) => device === "cpu" || wanted === undefined || wanted.includes(device));
}

/** The devices that a choice on this machine is among. */
export const devicesHere = (): Device[] => allowed(devicesOf(lookAtMachine()), process.env["ADEPT_DEVICES"]);

/**
 * An engine for what was trained elsewhere perhaps: where its device cannot be here, the processor gives the same
 * numbers.
 */
export function engineHere(engine: EngineChoice): EngineSpec {
  const own = settled(engine);
  return own.device === "cpu" || devicesOf(lookAtMachine()).includes(own.device) ? own : { ...own, device: "cpu" };
}
