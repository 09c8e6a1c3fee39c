import { add, layerNorm, rmsNorm } from "../../graph/ops.ts";
import { scalar, type Value } from "../../graph/value.ts";
import type { BackboneChanges } from "../changes.ts";
import type { CausalConfig } from "./causalConfig.ts";

/**
 * The norm of x (.., n) over its last axis.
 * @param module its name in the weights file
 */
export function causalNorm(x: Value, module: string, { norm, epsilon }: CausalConfig, changes: BackboneChanges): Value {
  const size = x.shape.at(-1)!;
  const weight = changes.weight(`${module}.weight`, [size]);
  if (norm === "layer")
    return changes.normOutput(layerNorm(x, weight, changes.weight(`${module}.bias`, [size]), epsilon), module);
  const scale = norm === "rms-one" ? add(weight, scalar(1)) : weight;
  return changes.normOutput(rmsNorm(x, scale, epsilon), module);
}
