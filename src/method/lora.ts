import * as z from "zod";
import { add, matmul, mul } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { kaiming, zeros } from "./draw.ts";
import { hostProduct } from "./hostProduct.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { Method } from "./method.ts";
import { budget, positive, source } from "./options.ts";
import { valuesOf } from "./parameters.ts";
import { emptyPattern, insideBackbone, layerNames, notRead, size } from "./peftForm.ts";
import { anyTransposed } from "./target.ts";
import { isTarget, lastPart } from "./target.ts";

const kind = "lora";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  rank: positive.optional().describe("r: rank of each update"),
  budget,
  alpha: z.number().positive().default(16).describe("Scale: the update is alpha / rank times B A"),
  targets: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Linear layers, by the last part of their name; left out: PEFT's choice for the type of backbone"),
});
type LoraSpec = z.output<typeof schema>;

const targetsOf = ({ targets }: LoraSpec, { defaultTargets }: BackboneLayout): readonly string[] =>
  targets ?? defaultTargets.lora;

const config = z.object({
  peft_type: z.literal("LORA"),
  r: size.min(1),
  lora_alpha: z.number().positive(),
  target_modules: layerNames,
  bias: z.literal("none").nullish(),
  use_rslora: z.boolean().nullish(),
  use_dora: notRead,
  // PEFT itself follows the layer, whatever the file says.
  fan_in_fan_out: z.boolean().nullish(),
  lora_bias: notRead,
  rank_pattern: emptyPattern,
  alpha_pattern: emptyPattern,
  layers_to_transform: z.null().optional(),
  modules_to_save: z.null().optional(),
});

/**
 * LoRA (Hu et al. 2022): y + (alpha / r) B A x on the chosen linear layers, tensors named as PEFT names them. A layer
 * that computes queries, keys and values at once is one layer, as it is stored.
 */
export const lora: Method<typeof schema, "rank", "lora_A" | "lora_B"> = {
  kind,
  summary: "LoRA: an update of low rank to linear layers",
  schema,
  sizes: { rank: { default: 8, least: 1 } },
  groups: {
    lora_A: { rate: 0.001, description: "LoRA: down projection" },
    lora_B: { rate: 0.001, description: "LoRA: up projection" },
  },
  targets: (spec, layout) => ({ targets: targetsOf(spec, layout) }),
  tensors: ({ spec, sizes: { rank }, layout }) =>
    layout.linears
      .filter(({ module }) => isTarget(module, targetsOf(spec, layout)))
      .flatMap(({ module, in: from, out: to }) => [
        { name: `${module}.lora_A.weight`, dims: [rank, from], sizes: [rank, from], group: "lora_A" as const },
        { name: `${module}.lora_B.weight`, dims: [to, rank], sizes: [to, rank], group: "lora_B" as const },
      ]),
  initial: (tensor, _, __, random) =>
    lastPart(tensor.name, 2) === "lora_A.weight"
      ? kaiming(tensor.sizes, tensor.sizes[1]!, random)
      : zeros(tensor.sizes),
  changes: ({ spec, sizes, layout, parameter }) => ({
    linearOutput(y, x, module) {
      if (!isTarget(module, targetsOf(spec, layout))) return y;
      const low = matmul(x, parameter(`${module}.lora_A.weight`), { transB: true });
      const update = matmul(low, parameter(`${module}.lora_B.weight`), { transB: true });
      return add(y, mul(scalar(spec.alpha / sizes.rank), update));
    },
  }),
  switches: {},
  isInputSide: false,
  peft: {
    config,
    write: (spec, { rank }, { shared, layout }) => ({
      peft_type: "LORA",
      ...shared,
      r: rank,
      lora_alpha: spec.alpha,
      target_modules: targetsOf(spec, layout),
      lora_dropout: 0,
      bias: "none",
      fan_in_fan_out: anyTransposed(layout, targetsOf(spec, layout)),
      init_lora_weights: true,
    }),
    read(file) {
      const { r, lora_alpha, target_modules: targets, use_rslora } = file as z.output<typeof config>;
      // rsLoRA divides by sqrt(r) instead of r.
      const alpha = use_rslora === true ? lora_alpha * Math.sqrt(r) : lora_alpha;
      return { spec: { kind, rank: r, alpha, targets }, sizes: { rank: r } };
    },
    storedName: insideBackbone,
  },
  fold: {
    changesModule: ({ parameters }, module) => parameters.has(`${module}.lora_A.weight`),
    tensor({ spec, sizes: { rank }, parameters }, { linear, part, read }) {
      if (linear === undefined || part === "bias" || !parameters.has(`${linear.module}.lora_A.weight`))
        return undefined;
      const { module, in: from, out: to, isTransposed = false } = linear;
      const update = hostProduct(
        valuesOf(parameters, `${module}.lora_B.weight`),
        valuesOf(parameters, `${module}.lora_A.weight`),
        { rows: to, inner: rank, columns: from },
      );
      // The place in B A, which is (out, in), of a value of the stored weight.
      const place = (i: number): number => (isTransposed ? (i % to) * from + Math.floor(i / to) : i);
      return read().map((w, i) => w + (spec.alpha / rank) * update[place(i)]!);
    },
  },
};
