import { DEVICES, settled, type Device, type EngineChoice, type EngineSpec } from "../engineSpec.ts";
import { detectDeviceSupport, type DeviceSupport } from "./deviceSupport.ts";

/** The devices that a machine could have, the processor first. Whether one works, a step on it tells. */
export function supportedDevices({
  platform,
  backends,
  cudaProvider,
  nvidia,
  vulkan,
  tensorFlowGpu,
}: DeviceSupport): Device[] {
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
export const devicesHere = (): Device[] =>
  allowed(supportedDevices(detectDeviceSupport()), process.env["ADEPT_DEVICES"]);

/**
 * An engine for what was trained elsewhere perhaps: where its device cannot be here, the processor gives the same
 * numbers.
 */
export function engineHere(engine: EngineChoice): EngineSpec {
  const own = settled(engine);
  return own.device === "cpu" || supportedDevices(detectDeviceSupport()).includes(own.device)
    ? own
    : { ...own, device: "cpu" };
}
