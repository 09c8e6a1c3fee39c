import type { MethodSpec } from "../method/methodSpec.ts";
import { components, switchOff } from "../model/initialise.ts";
import type { Parameters } from "../method/parameters.ts";

/** What a trained adapter is without one of its components; nothing is retrained. `label`: "ffn-off", "prompt-off". */
export interface Ablation {
  label: string;
  parameters: Parameters;
}

/** Every post-hoc ablation the method has: an offset becomes zero, a prompt is removed (not zeroed). */
export function ablations(kind: MethodSpec["kind"], parameters: Parameters): Ablation[] {
  return components(kind, parameters).map((component) => ({
    label: component,
    parameters: switchOff(kind, component, parameters),
  }));
}
