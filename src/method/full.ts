import * as z from "zod";
import type { Method } from "./method.ts";
import { budget, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";

const kind = "full";
const schema = z.strictObject({ kind: z.literal(kind), source, budget });

/** Full fine-tuning: every tensor of the backbone is trained, starting from its own values. */
export const full: Method<typeof schema, never, "embedding" | "rest"> = {
  kind,
  summary: "full fine-tuning: every weight of the backbone",
  schema,
  sizes: {},
  groups: {
    embedding: { rate: 0.0003, description: "full: the embedding table" },
    rest: { rate: 0.0003, description: "full: all other weights" },
  },
  tensors: ({ layout }) =>
    layout.weights.map(({ name, dims }) => ({
      name,
      dims,
      sizes: dims,
      group: name === layout.embedding ? ("embedding" as const) : ("rest" as const),
    })),
  initial: (tensor, _, source) => source.weight(tensor.name, tensor.sizes),
  changes: ({ parameter }) => ({ weight: (name) => parameter(name) }),
  switches: {},
  isInputSide: false,
  trainsBackbone: true,
  peft: ownPeftForm("FULL", { kind, schema }, {}),
  fold: { tensor: ({ parameters }, { name }) => parameters.get(name)?.data },
};
