import { DEVICES, settled, type Device, type EngineChoice, type EngineSpec } from "../engineSpec.ts";
import { hasTorch } from "../torch/lookForTorch.ts";
import { detectDeviceSupport, type DeviceSupport } from "./deviceSupport.ts";
import { namedDevices } from "./namedDevices.ts";

/**
 * Lists the devices that a machine may offer, the processor first. Only running a step on a device shows whether it
 * works.
 */
export function supportedDevices({
  platform,
  backends,
  cudaProvider,
  nvidia,
  vulkan,
  tensorFlowGpu,
  torch,
}: DeviceSupport): Device[] {
  const there: Record<Device, boolean> = {
    cpu: true,
    webgpu: backends.includes("webgpu") && (platform !== "linux" || vulkan),
    cuda: backends.includes("cuda") && cudaProvider && nvidia,
    directml: backends.includes("dml"),
    coreml: backends.includes("coreml"),
    torch,
    tfjs: tensorFlowGpu && (nvidia || platform === "win32"),
  };
  return DEVICES.filter((device) => there[device]);
}

/** Keeps the devices that ADEPT_DEVICES, a comma-separated list, names; the processor always stays. */
export function allowed(devices: readonly Device[], names: string | undefined): Device[] {
  const wanted = namedDevices(names);
  return devices.filter((device) => device === "cpu" || wanted === undefined || wanted.includes(device));
}

/** Lists the devices that `"engine": "auto"` chooses among on this machine. */
export const devicesHere = (): Device[] =>
  allowed(supportedDevices(detectDeviceSupport()), process.env["ADEPT_DEVICES"]);

/** Whether this machine may offer a device that an experiment names, however slow it is here. */
function mayHave(device: Device): boolean {
  if (device === "cpu") return true;
  return device === "torch" ? hasTorch() : supportedDevices(detectDeviceSupport()).includes(device);
}

/**
 * Returns an engine for a run that may have been trained on another machine: its own device where this machine may
 * offer it, else the processor, which gives the same numbers.
 */
export function engineHere(engine: EngineChoice): EngineSpec {
  const own = settled(engine);
  return mayHave(own.device) ? own : { ...own, device: "cpu" };
}
