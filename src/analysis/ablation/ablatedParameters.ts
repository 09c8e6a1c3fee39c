import type { MethodSpec } from "../../method/methodSpec.ts";
import type { Parameters } from "../../method/parameters.ts";
import { components, switchOff } from "../../model/initialise.ts";

/** The parameters of a trained adapter with one component switched off; nothing is retrained. */
export interface AblatedParameters {
  /** Name of the ablation in results: "ffn-off" or "prompt-off". */
  label: string;
  parameters: Parameters;
}

/**
 * The ablations that are tested when training ends, one for each component of the method: an offset becomes zero, a
 * prompt is removed (not zeroed).
 */
export function ablatedParameters(kind: MethodSpec["kind"], parameters: Parameters): AblatedParameters[] {
  return components(kind, parameters).map((component) => ({
    label: component,
    parameters: switchOff(kind, component, parameters),
  }));
}
