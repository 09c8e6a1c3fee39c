import * as z from "zod";
import { mul, reshape } from "../graph/ops.ts";
import { ones } from "./draw.ts";
import type { Method, TensorSpec } from "./method.ts";
import { budget, source } from "./options.ts";
import { valuesOf } from "./parameters.ts";
import { insideBackbone, layerNames, notRead } from "./peftForm.ts";
import { isTarget } from "./target.ts";

const kind = "ia3";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  budget,
  targets: z.array(z.string().min(1)).default(["k", "v"]).describe("Linear layers whose output is scaled"),
  feedForward: z.array(z.string().min(1)).default(["wo"]).describe("Linear layers whose input is scaled"),
});

const config = z.object({
  peft_type: z.literal("IA3"),
  target_modules: layerNames,
  feedforward_modules: layerNames.nullish(),
  fan_in_fan_out: notRead,
  modules_to_save: z.null().optional(),
});

type Group = "attention" | "feedforward";

/**
 * IA3 (Liu et al. 2022) as in PEFT: the outputs of keys and values, and the input of the feed-forward's last layer, are
 * each multiplied by a vector.
 */
export const ia3: Method<typeof schema, never, Group> = {
  kind,
  summary: "IA3: factors on keys, values and the feed-forward input",
  schema,
  sizes: {},
  groups: {
    attention: { rate: 0.005, description: "IA3 on keys and values" },
    feedforward: { rate: 0.005, description: "IA3 on the feed-forward input" },
  },
  tensors: ({ spec, layout }) =>
    layout.linears.flatMap(({ module, in: from, out: to }): TensorSpec<Group>[] => {
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
  isInputSide: false,
  peft: {
    config,
    write: ({ targets, feedForward }, _, { shared }) => ({
      peft_type: "IA3",
      ...shared,
      target_modules: [...targets, ...feedForward],
      feedforward_modules: feedForward,
      fan_in_fan_out: false,
      init_ia3_weights: true,
    }),
    read(file) {
      const { target_modules: all, feedforward_modules: some } = file as z.output<typeof config>;
      const feedForward = (some ?? []).filter((name) => all.includes(name));
      return { spec: { kind, targets: all.filter((name) => !feedForward.includes(name)), feedForward }, sizes: {} };
    },
    storedName: insideBackbone,
  },
  fold: {
    changesModule: ({ targets }, module) => isTarget(module, targets),
    tensor({ spec, parameters }, { linear, read }) {
      if (linear === undefined || !isTarget(linear.module, [...spec.targets, ...spec.feedForward])) return undefined;
      const { module, in: from } = linear;
      const scale = valuesOf(parameters, `${module}.ia3_l`);
      const columns = isTarget(module, spec.feedForward);
      return read().map((w, i) => w * scale[columns ? i % from : Math.floor(i / from)]!);
    },
  },
};
