import type { EngineSpec } from "./engineSpec.ts";
import type { Engine } from "./engine.ts";
import { onnxEngine } from "./onnx/onnxEngine.ts";
import { torchEngine } from "./torch/torchEngine.ts";
import { tfjsEngine } from "./tfjs/tfjsEngine.ts";

/**
 * Opens the engine of a device.
 * @throws UserError where this machine does not have the device
 */
export function openEngine(spec: EngineSpec): Engine {
  if (spec.device === "torch") return torchEngine(spec);
  return spec.device === "tfjs" ? tfjsEngine(spec) : onnxEngine({ ...spec, device: spec.device });
}
