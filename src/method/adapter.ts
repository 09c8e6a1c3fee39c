import * as z from "zod";
import type { Sublayer } from "../backbone/changes.ts";
import { add, geluTanh, matmul, relu } from "../graph/ops.ts";
import { kaiming, zeros } from "./draw.ts";
import type { Method } from "./method.ts";
import { budget, positive, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";

const kind = "adapter";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  bottleneck: positive.optional().describe("Hidden units of each adapter"),
  budget,
  activation: z.enum(["gelu_new", "relu"]).default("gelu_new").describe("Between its two layers"),
  cross: z.boolean().default(false).describe("Also after cross-attention, where the backbone has it"),
});

const isAdapted = (at: Sublayer, { cross }: z.output<typeof schema>): boolean => at.kind !== "cross" || cross;

/**
 * Adapters (Houlsby et al. 2019): z + act(z W_d^T + b_d) W_u^T + b_u on the outputs z of attention and of feed-forward
 * before they are added to the residual; the identity at the start.
 */
export const adapter: Method<typeof schema, "bottleneck", "down" | "up"> = {
  kind,
  summary: "adapters: a small FFN after each sublayer",
  schema,
  sizes: { bottleneck: { default: 24, least: 1 } },
  groups: {
    down: { rate: 0.001, description: "adapters: down projection" },
    up: { rate: 0.001, description: "adapters: up projection" },
  },
  tensors: ({ spec, sizes: { bottleneck: r }, layout: { width: d, sublayers } }) =>
    sublayers
      .filter((at) => isAdapted(at, spec))
      .flatMap(({ name }) =>
        (
          [
            ["down", [r, d]],
            ["up", [d, r]],
          ] as const
        ).flatMap(([part, [out, from]]) => [
          { name: `${name}.adapter.${part}.weight`, dims: [out, from], sizes: [out, from], group: part },
          { name: `${name}.adapter.${part}.bias`, dims: [out], sizes: [out], group: part },
        ]),
      ),
  initial: (tensor, _, __, random) =>
    tensor.name.endsWith(".down.weight") ? kaiming(tensor.sizes, tensor.sizes[1]!, random) : zeros(tensor.sizes),
  changes: ({ spec, parameter }) => ({
    sublayer(z, at) {
      if (!isAdapted(at, spec)) return z;
      const p = (part: string) => parameter(`${at.name}.adapter.${part}`);
      const hidden = add(matmul(z, p("down.weight"), { transB: true }), p("down.bias"));
      const active = spec.activation === "relu" ? relu(hidden) : geluTanh(hidden);
      return add(z, add(matmul(active, p("up.weight"), { transB: true }), p("up.bias")));
    },
  }),
  switches: {},
  isInputSide: false,
  peft: ownPeftForm("HOULSBY_ADAPTER", { kind, schema }, { bottleneck: "bottleneck" }),
  fold: { lacks: () => "layers" },
};
