import type { Sublayer } from "../backbone/changes.ts";
import type { SpecOf } from "./methodSpec.ts";
import { geluTanh } from "../graph/composed.ts";
import { add, matmul, relu } from "../graph/ops.ts";
import { kaiming, zeros } from "./draw.ts";
import type { Method } from "./method.ts";

const isAdapted = ({ kind }: Sublayer, { cross }: SpecOf<"adapter">): boolean => kind !== "cross" || cross;

/**
 * Adapters (Houlsby et al. 2019): z + act(z W_d^T + b_d) W_u^T + b_u on what attention and feed-forward add to the
 * residual; the identity at the start.
 */
export const adapter: Method<"adapter"> = {
  kind: "adapter",
  defaults: { bottleneck: 24 },
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
};
