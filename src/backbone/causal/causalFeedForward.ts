import { geluExact, geluTanh, mul, relu, silu, slice } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { BackboneChanges } from "../changes.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { causalLinear } from "./causalLinear.ts";

const ACTIVATIONS: Readonly<Record<CausalConfig["activation"], (x: Value) => Value>> = {
  silu,
  gelu: geluExact,
  "gelu-tanh": geluTanh,
  relu,
};

/**
 * The feed-forward of x (B, L, d).
 * @param name its name in the weights file
 */
export function causalFeedForward(x: Value, name: string, config: CausalConfig, changes: BackboneChanges): Value {
  const { names, width, hidden, biases, isTransposed, activation } = config;
  const input = names.feedForwardInput;
  const into = (module: string, to: number): Value =>
    causalLinear(x, `${name}.${module}`, { from: width, to, bias: biases.feedForward, isTransposed }, changes);
  const active = ACTIVATIONS[activation];
  const down = (y: Value): Value =>
    causalLinear(
      y,
      `${name}.${names.feedForwardOutput}`,
      { from: hidden, to: width, bias: biases.feedForward, isTransposed },
      changes,
    );
  if (input.kind === "plain") return down(active(into(input.up, hidden)));
  if (input.kind === "gated") return down(mul(active(into(input.gate, hidden)), into(input.up, hidden)));
  const both = into(input.module, 2 * hidden);
  const at = both.shape.length - 1;
  return down(mul(active(slice(both, at, 0, hidden)), slice(both, at, hidden, 2 * hidden)));
}
