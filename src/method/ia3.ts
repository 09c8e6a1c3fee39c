import { mul, reshape } from "../graph/ops.ts";
import { ones } from "./draw.ts";
import type { Method, TensorSpec } from "./method.ts";
import { isTarget } from "./target.ts";

/**
 * IA3 (Liu et al. 2022) as PEFT has it: outputs of keys and values, and the input of the feed-forward's last layer,
 * each times a vector.
 */
export const ia3: Method<"ia3"> = {
  kind: "ia3",
  defaults: {},
  tensors: ({ spec, layout }) =>
    layout.linears.flatMap(({ module, in: from, out: to }): TensorSpec[] => {
      if (isTarget(module, spec.feedForward))
        return [{ name: `${module}.ia3_l`, dims: [1, from], sizes: [1, from], group: "feedforward" }];
      return isTarget(module, spec.targets)
        ? [{ name: `${module}.ia3_l`, dims: [to, 1], sizes: [to, 1], group: "attention" }]
        : [];
    }),
  initial: (tensor) => ones(tensor.sizes),
  changes: ({ spec, parameter }) => ({
    linearInput: (x, module) => (isTarget(module, spec.feedForward) ? mul(x, parameter(`${module}.ia3_l`)) : x),
    linearOutput: (y, _, module) =>
      !isTarget(module, spec.feedForward) && isTarget(module, spec.targets)
        ? mul(y, reshape(parameter(`${module}.ia3_l`), [y.shape.at(-1)!]))
        : y,
  }),
  switches: {},
};
