import { add, matmul, mul } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { kaiming, zeros } from "./draw.ts";
import type { Method } from "./method.ts";
import { isTarget, lastPart } from "./target.ts";

/** LoRA (Hu et al. 2022): y + (alpha / r) B A x on the chosen linear layers, tensors named as PEFT names them. */
export const lora: Method<"lora"> = {
  kind: "lora",
  defaults: { bottleneck: 8 },
  tensors: ({ spec, sizes: { bottleneck: r }, layout }) =>
    layout.linears
      .filter(({ module }) => isTarget(module, spec.targets))
      .flatMap(({ module, in: from, out: to }) => [
        { name: `${module}.lora_A.weight`, dims: [r, from], sizes: [r, from], group: "lora_A" as const },
        { name: `${module}.lora_B.weight`, dims: [to, r], sizes: [to, r], group: "lora_B" as const },
      ]),
  initial: (tensor, _, __, random) =>
    lastPart(tensor.name, 2) === "lora_A.weight"
      ? kaiming(tensor.sizes, tensor.sizes[1]!, random)
      : zeros(tensor.sizes),
  changes: ({ spec, sizes, parameter }) => ({
    linearOutput(y, x, module) {
      if (!isTarget(module, spec.targets)) return y;
      const low = matmul(x, parameter(`${module}.lora_A.weight`), { transB: true });
      return add(
        y,
        mul(scalar(spec.alpha / sizes.bottleneck), matmul(low, parameter(`${module}.lora_B.weight`), { transB: true })),
      );
    },
  }),
  switches: {},
};
