import { add } from "../graph/ops.ts";
import { zeros } from "./draw.ts";
import type { Method } from "./method.ts";

/**
 * BitFit (Ben Zaken et al. 2022). T5 has no biases: every linear layer, the head and every norm get a new one, 0 at the
 * start.
 */
export const bitfit: Method<"bitfit"> = {
  kind: "bitfit",
  defaults: {},
  tensors: ({ layout: { linears, norms } }) => [
    ...linears.map(({ module, out }) => ({
      name: `${module}.bias`,
      dims: [out],
      sizes: [out],
      group: "linear" as const,
    })),
    ...norms.map(({ module, width }) => ({
      name: `${module}.bias`,
      dims: [width],
      sizes: [width],
      group: "norm" as const,
    })),
  ],
  initial: (tensor) => zeros(tensor.sizes),
  changes: ({ parameter }) => ({
    linearOutput: (y, _, module) => add(y, parameter(`${module}.bias`)),
    normOutput: (y, module) => add(y, parameter(`${module}.bias`)),
  }),
  switches: {},
};
