import type { Method } from "./method.ts";

/** Full fine-tuning: every tensor of the backbone is trained, from its own values. */
export const full: Method<"full"> = {
  kind: "full",
  defaults: {},
  tensors: ({ layout }) =>
    layout.weights.map(({ name, dims }) => ({
      name,
      dims,
      sizes: dims,
      group: name === "shared.weight" ? ("embedding" as const) : ("rest" as const),
    })),
  initial: (tensor, _, source) => source.weight(tensor.name, tensor.sizes),
  changes: ({ parameter }) => ({ weight: (name) => parameter(name) }),
  switches: {},
};
