import type { EngineSpec } from "./engineSpec.ts";
import type { Engine } from "./engine.ts";
import { onnxEngine } from "./onnx/onnxEngine.ts";
import { tfjsEngine } from "./tfjs/tfjsEngine.ts";

/** @throws UserError where the device is not to be had on this machine */
export function openEngine(spec: EngineSpec): Engine {
  return spec.device === "tfjs" ? tfjsEngine(spec) : onnxEngine({ ...spec, device: spec.device });
}
