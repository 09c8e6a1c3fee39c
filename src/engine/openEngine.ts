import type { EngineSpec } from "../experiment/engineSpec.ts";
import { UserError } from "../experiment/errors.ts";
import type { Engine } from "./engine.ts";
import { onnxEngine } from "./onnxEngine.ts";

/** @throws UserError where the device is not to be had on this machine */
export function openEngine(spec: EngineSpec): Engine {
  if (spec.device === "tfjs") throw new UserError("engine.device: \"tfjs\" is not installed");
  return onnxEngine({ ...spec, device: spec.device });
}
