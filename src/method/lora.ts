import * as z from "zod";
import { add, matmul, mul } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { doraOutput, magnitudeOf, startMagnitudes, storedNorms } from "./dora.ts";
import { kaiming, zeros } from "./draw.ts";
import { hostProduct } from "./hostProduct.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { Method } from "./method.ts";
import { budget, positive, source } from "./options.ts";
import { valuesOf } from "./parameters.ts";
import { asPatterns, valueFor } from "./layerTables.ts";
import { loraConfig, loraLayers, type LoraConfig } from "./peft/loraConfig.ts";
import { insideBackbone } from "./peftForm.ts";
import { anyTransposed, isTarget } from "./target.ts";
import type { Sizes } from "./trained.ts";

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
  ranks: z.record(z.string().min(1), positive).optional().describe("Other ranks, by the last parts of layers' names"),
  alphas: z
    .record(z.string().min(1), z.number().positive())
    .optional()
    .describe("Other values of alpha, by the last parts of layers' names"),
  dora: z.boolean().optional().describe("DoRA: the length of each row of a weight is trained apart from its direction"),
});
type LoraSpec = z.output<typeof schema>;

const targetsOf = ({ targets }: LoraSpec, { defaultTargets }: BackboneLayout): readonly string[] =>
  targets ?? defaultTargets.lora;

const updateOf = (module: string): { a: string; b: string } => ({
  a: `${module}.lora_A.weight`,
  b: `${module}.lora_B.weight`,
});

/** Rank r of a layer's update, and its scale alpha / r. */
function sizeOf(
  { spec, sizes }: { spec: LoraSpec; sizes: Sizes<"rank"> },
  module: string,
): { r: number; scale: number } {
  const r = valueFor(spec.ranks, module) ?? sizes.rank;
  return { r, scale: (valueFor(spec.alphas, module) ?? spec.alpha) / r };
}

const tableOf = (values: ReadonlyMap<string, number>): Record<string, number> | undefined =>
  values.size === 0 ? undefined : Object.fromEntries(values);

/**
 * LoRA (Hu et al. 2022): y + (alpha / r) B A x on the chosen linear layers, tensors named as PEFT names them. A layer
 * that computes queries, keys and values at once is one layer, as it is stored. With `dora`, DoRA (Liu et al. 2024).
 */
export const lora: Method<typeof schema, "rank", "lora_A" | "lora_B" | "lora_magnitude"> = {
  kind,
  summary: "LoRA: an update of low rank to linear layers",
  schema,
  sizes: { rank: { default: 8, least: 1 } },
  groups: {
    lora_A: { rate: 0.001, description: "LoRA: down projection" },
    lora_B: { rate: 0.001, description: "LoRA: up projection" },
    lora_magnitude: { rate: 0.001, description: "DoRA: length of each row of a weight" },
  },
  groupsOf: ({ dora }) => (dora === true ? ["lora_A", "lora_B", "lora_magnitude"] : ["lora_A", "lora_B"]),
  targets: (spec, layout) => ({
    targets: targetsOf(spec, layout),
    ...(spec.ranks !== undefined && { ranks: Object.keys(spec.ranks) }),
    ...(spec.alphas !== undefined && { alphas: Object.keys(spec.alphas) }),
  }),
  tensors: ({ spec, sizes, layout }) =>
    layout.linears
      .filter(({ module }) => isTarget(module, targetsOf(spec, layout)))
      .flatMap(({ module, in: from, out: to }) => {
        const { a, b } = updateOf(module);
        const { r } = sizeOf({ spec, sizes }, module);
        const magnitude = { name: magnitudeOf(module), dims: [to], sizes: [to], group: "lora_magnitude" as const };
        return [
          { name: a, dims: [r, from], sizes: [r, from], group: "lora_A" as const },
          { name: b, dims: [to, r], sizes: [to, r], group: "lora_B" as const },
          ...(spec.dora === true ? [magnitude] : []),
        ];
      }),
  initial(tensor, { layout }, from, random) {
    if (tensor.group === "lora_A") return kaiming(tensor.sizes, tensor.sizes[1]!, random);
    if (tensor.group === "lora_B") return zeros(tensor.sizes);
    return startMagnitudes(tensor.name, layout, (name, dims) => from.weight(name, dims));
  },
  factorOf(shape, tensor) {
    const end = ".lora_B.weight";
    return tensor.endsWith(end) ? sizeOf(shape, tensor.slice(0, -end.length)).scale : 1;
  },
  changes: ({ spec, sizes, layout, parameter }) => ({
    linearOutput(y, x, module) {
      if (!isTarget(module, targetsOf(spec, layout))) return y;
      const names = updateOf(module);
      const { scale } = sizeOf({ spec, sizes }, module);
      const [a, b] = [parameter(names.a), parameter(names.b)];
      const update = mul(scalar(scale), matmul(matmul(x, a, { transB: true }), b, { transB: true }));
      if (spec.dora !== true) return add(y, update);
      return doraOutput({ module, y, update, a, b, scale, magnitude: parameter(magnitudeOf(module)) }, layout);
    },
  }),
  switches: {},
  isInputSide: false,
  peft: {
    config: loraConfig,
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
      ...(spec.ranks !== undefined && { rank_pattern: asPatterns(spec.ranks) }),
      ...(spec.alphas !== undefined && { alpha_pattern: asPatterns(spec.alphas) }),
      ...(spec.dora === true && { use_dora: true }),
    }),
    read(file, place) {
      const { rank, alpha, targets, ranks, alphas, dora } = loraLayers(file as LoraConfig, place);
      const tables = { ranks: tableOf(ranks), alphas: tableOf(alphas) };
      const spec = {
        kind,
        rank,
        alpha,
        targets: [...targets],
        ...(tables.ranks !== undefined && { ranks: tables.ranks }),
        ...(tables.alphas !== undefined && { alphas: tables.alphas }),
        ...(dora && { dora }),
      } satisfies LoraSpec;
      return { spec, sizes: { rank } };
    },
    storedName: insideBackbone,
  },
  fold: {
    changesModule: ({ parameters }, module) => parameters.has(updateOf(module).a),
    tensor({ spec, sizes, parameters }, { linear, part, read }) {
      if (linear === undefined || part === "bias" || !parameters.has(updateOf(linear.module).a)) return undefined;
      const { module, in: from, out: to, isTransposed = false } = linear;
      const { r, scale } = sizeOf({ spec, sizes }, module);
      const { a, b } = updateOf(module);
      const update = hostProduct(valuesOf(parameters, b), valuesOf(parameters, a), {
        rows: to,
        inner: r,
        columns: from,
      });
      // The place in B A, which is (out, in), of a value of the stored weight.
      const place = (i: number): number => (isTransposed ? (i % to) * from + Math.floor(i / to) : i);
      const changed = read().map((w, i) => w + scale * update[place(i)]!);
      if (spec.dora !== true) return changed;
      const norms = storedNorms(changed, linear);
      const magnitude = valuesOf(parameters, magnitudeOf(module));
      const row = (i: number): number => Math.floor(place(i) / from);
      return changed.map((w, i) => (w * magnitude[row(i)]!) / norms[row(i)]!);
    },
  },
};
