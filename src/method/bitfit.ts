import * as z from "zod";
import { add } from "../graph/ops.ts";
import { zeros } from "./draw.ts";
import type { Method } from "./method.ts";
import { budget, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";

const kind = "bitfit";
const schema = z.strictObject({ kind: z.literal(kind), source, budget });

/**
 * BitFit (Ben Zaken et al. 2022) on a backbone without biases: every linear layer, the head and every norm get a new
 * bias, 0 at the start.
 */
export const bitfit: Method<typeof schema, never, "norm" | "linear"> = {
  kind,
  summary: "BitFit: biases of norms and linear layers",
  schema,
  sizes: {},
  groups: {
    norm: { rate: 0.005, description: "BitFit: biases of norms" },
    linear: { rate: 0.005, description: "BitFit: biases of linear layers" },
  },
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
  isInputSide: false,
  peft: ownPeftForm("BITFIT_ADDED", { kind, schema }, {}),
  fold: { lacks: "biases" },
};
