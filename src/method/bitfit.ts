import * as z from "zod";
import type { BackboneLayout, BackboneWeight } from "../backbone/layout.ts";
import { add } from "../graph/ops.ts";
import { weight } from "../graph/value.ts";
import { zeros } from "./draw.ts";
import type { Method, TensorSpec } from "./method.ts";
import { budget, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";

const kind = "bitfit";
const schema = z.strictObject({ kind: z.literal(kind), source, budget });
type Group = "norm" | "linear";

const isBias = ({ role }: BackboneWeight): boolean => role === "bias";
const hasBiases = ({ weights }: BackboneLayout): boolean => weights.some(isBias);
const added = ownPeftForm("BITFIT_ADDED", { kind, schema }, {});

/**
 * BitFit (Ben Zaken et al. 2022). On a backbone that has any biases, each of them is trained from its own value, and no
 * other is added: in Qwen2 those of queries, keys and values, in GPT-2 all of linear layers and norms. On a backbone
 * without biases, such as T5 or Llama, every linear layer, the head and every norm (after its scale) get a new bias, 0
 * at the start.
 */
export const bitfit: Method<typeof schema, never, Group> = {
  kind,
  summary: "BitFit: biases of norms and linear layers",
  schema,
  sizes: {},
  groups: {
    norm: { rate: 0.005, description: "BitFit: biases of norms" },
    linear: { rate: 0.005, description: "BitFit: biases of linear layers" },
  },
  tensors({ layout }) {
    const has = hasBiases(layout);
    const own = new Set(layout.weights.filter(isBias).map(({ name }) => name));
    const of = (modules: readonly { module: string; width: number }[], group: Group): TensorSpec<Group>[] =>
      modules
        .map(({ module, width }) => ({ name: `${module}.bias`, dims: [width], sizes: [width], group }))
        .filter(({ name }) => !has || own.has(name));
    return [
      ...of(
        layout.linears.map(({ module, out }) => ({ module, width: out })),
        "linear",
      ),
      ...of(layout.norms, "norm"),
    ];
  },
  initial: (tensor, { layout }, from) =>
    hasBiases(layout) ? from.weight(tensor.name, tensor.sizes) : zeros(tensor.sizes),
  changes({ layout, parameter }) {
    if (!hasBiases(layout))
      return {
        linearOutput: (y, _, module) => add(y, parameter(`${module}.bias`)),
        normOutput: (y, module) => add(y, parameter(`${module}.bias`)),
      };
    const biases = new Set(layout.weights.filter(isBias).map(({ name }) => name));
    return { weight: (name, shape) => (biases.has(name) ? parameter(name) : weight(name, shape)) };
  },
  switches: {},
  isInputSide: false,
  peft: {
    ...added,
    config: added.config.extend({ peft_type: z.literal(["BITFIT_ADDED", "BITFIT"]) }),
    write: (spec, sizes, context) => ({
      ...added.write(spec, sizes, context),
      ...(hasBiases(context.layout) && { peft_type: "BITFIT" }),
    }),
  },
  fold: {
    lacks: (layout) => (hasBiases(layout) ? undefined : "biases"),
    tensor: ({ parameters }, { name }) => parameters.get(name)?.data,
  },
};
