import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import { mul, reshape } from "../graph/ops.ts";
import { ones } from "./draw.ts";
import type { Method, TensorSpec } from "./method.ts";
import { budget, source } from "./options.ts";
import { ia3Config, ia3Layers, type Ia3Config } from "./peft/ia3Config.ts";
import { insideBackbone } from "./peftForm.ts";
import { anyTransposed, isTarget } from "./target.ts";

const kind = "ia3";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  budget,
  targets: z
    .array(z.string().min(1))
    .optional()
    .describe("Linear layers whose output is scaled; left out: PEFT's choice for the type of backbone"),
  feedForward: z
    .array(z.string().min(1))
    .optional()
    .describe("Linear layers whose input is scaled; left out: PEFT's choice for the type of backbone"),
});

/** The layers whose output is scaled, and those whose input is; one that is both counts as the latter, as in PEFT. */
function targetsOf(
  { targets, feedForward }: z.output<typeof schema>,
  { defaultTargets: { ia3: byDefault } }: BackboneLayout,
): { targets: readonly string[]; feedForward: readonly string[] } {
  return { targets: targets ?? byDefault.outputs, feedForward: feedForward ?? byDefault.inputs };
}

/**
 * The same layers by their whole names, where PEFT would take one of `targets` for one of `feedForward`: it compares
 * the ends of these, so that "o" is "wo" too.
 */
function wholeNames(named: ReturnType<typeof targetsOf>, { linears }: BackboneLayout): ReturnType<typeof targetsOf> {
  const { targets, feedForward } = named;
  const modules = linears.map(({ module }) => module);
  const inputs = modules.filter((module) => isTarget(module, feedForward));
  const outputs = modules.filter((module) => isTarget(module, targets) && !inputs.includes(module));
  const isMistaken = outputs.some((module) => feedForward.some((end) => module.endsWith(end)));
  return isMistaken ? { targets: outputs, feedForward: inputs } : named;
}

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
  targets: targetsOf,
  tensors({ spec, layout }) {
    const { targets, feedForward } = targetsOf(spec, layout);
    return layout.linears.flatMap(({ module, in: from, out: to }): TensorSpec<Group>[] => {
      if (isTarget(module, feedForward))
        return [{ name: `${module}.ia3_l`, dims: [1, from], sizes: [1, from], group: "feedforward" }];
      return isTarget(module, targets)
        ? [{ name: `${module}.ia3_l`, dims: [to, 1], sizes: [to, 1], group: "attention" }]
        : [];
    });
  },
  initial: (tensor) => ones(tensor.sizes),
  changes({ spec, layout, parameter }) {
    const { targets, feedForward } = targetsOf(spec, layout);
    return {
      linearInput: (x, module) => (isTarget(module, feedForward) ? mul(x, parameter(`${module}.ia3_l`)) : x),
      linearOutput: (y, _, module) =>
        !isTarget(module, feedForward) && isTarget(module, targets)
          ? mul(y, reshape(parameter(`${module}.ia3_l`), [y.shape.at(-1)!]))
          : y,
    };
  },
  switches: {},
  isInputSide: false,
  peft: {
    config: ia3Config,
    write(spec, _, { shared, layout }) {
      const { targets, feedForward } = wholeNames(targetsOf(spec, layout), layout);
      const all = [...targets, ...feedForward];
      return {
        peft_type: "IA3",
        ...shared,
        target_modules: all,
        feedforward_modules: feedForward,
        fan_in_fan_out: anyTransposed(layout, all),
        init_ia3_weights: true,
      };
    },
    read(file, place) {
      const { targets, feedForward } = ia3Layers(file as Ia3Config, place);
      return { spec: { kind, targets: [...targets], feedForward: [...feedForward] }, sizes: {} };
    },
    storedName: insideBackbone,
  },
  fold: {
    changesModule: ({ parameters }, module) => parameters.has(`${module}.ia3_l`),
    tensor({ parameters }, { linear, part, read }) {
      const scale = linear === undefined ? undefined : parameters.get(`${linear.module}.ia3_l`);
      if (linear === undefined || scale === undefined) return undefined;
      const { data, group } = scale;
      const isInput = group === "feedforward";
      // A bias is part of a scaled output, and not of a scaled input.
      if (part === "bias") return isInput ? undefined : read().map((b, i) => b * data[i]!);
      const { in: from, out: to, isTransposed = false } = linear;
      const columns = isTransposed ? to : from;
      return read().map((w, i) => w * data[isInput === isTransposed ? Math.floor(i / columns) : i % columns]!);
    },
  },
};
