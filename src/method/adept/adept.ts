import * as z from "zod";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { add, gather } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { kaiming, ones, zeros } from "../draw.ts";
import type { EmbeddingRows } from "../foldForm.ts";
import type { Method, MethodContext, MethodShape, TensorSpec } from "../method.ts";
import type { AnySpec, Sizes, Trained } from "../trained.ts";
import { budget, fraction, length, positive, promptOptions, source } from "../options.ts";
import { ownPeftForm } from "../ownPeftForm.ts";
import {
  defaultPositions,
  officialScale,
  POSITION_GROUP,
  positionOffset,
  positionOffsets,
  positionTensors,
} from "../positionTable.ts";
import { foldedPrompt, initialPrompt, PROMPT, PROMPT_GROUP, promptTensor, sharedPromptLength } from "../prompt.ts";
import { valuesOf } from "../parameters.ts";
import { ffnOffset, ffnTensors, hasFfn, hiddenLayer, hostFfnOffsets } from "./ffn.ts";
import {
  ffnInput,
  finalOffset,
  GAIN,
  hostFfnInput,
  hostFinalOffsets,
  initialOption,
  offsetOptions,
  optionTensors,
  unitOf,
} from "./offsetOptions.ts";

const kind = "adept";
const DEFAULT_RANK = 10;

const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  promptLength: length.optional().describe("m: rows of the soft prompt"),
  bottleneck: positive.optional().describe("r: hidden units of the FFN"),
  budget,
  ...promptOptions,
  dropout: fraction.default(0.1).describe("Dropout on the hidden units in training"),
  variant: z
    .enum(["standard", "no-bias", "linear", "constant", "table", "deep", "hybrid"])
    .default("standard")
    .describe(
      "What offset a token gets: the paper's FFN; without biases; without ReLU; one constant for all; a free row per token; a deeper FFN with layer norm; the FFN plus DePT's position table",
    ),
  offsetPenalty: z
    .number()
    .positive()
    .optional()
    .describe(
      "Adds this times the mean squared offset over the mean squared embedding of the batch's tokens to the loss: keeps offsets short where examples are few",
    ),
  ...offsetOptions,
  positions: positive.optional().describe("hybrid: rows of the position table"),
  positionRank: positive.optional().describe("hybrid: rank of the position table"),
});
type AdeptSpec = z.output<typeof schema>;
type Group = "prompt" | "ffn" | "constant" | "table" | "ab" | "gain";

/** The groups besides the prompt's. */
const VARIANT_GROUPS: Readonly<Record<AdeptSpec["variant"], readonly Group[]>> = {
  standard: ["ffn"],
  "no-bias": ["ffn"],
  linear: ["ffn"],
  constant: ["constant"],
  table: ["table"],
  deep: ["ffn"],
  hybrid: ["ffn", "ab"],
};

const rank = (spec: AdeptSpec): number => spec.positionRank ?? DEFAULT_RANK;
const positionRows = (spec: AdeptSpec, layout: BackboneLayout): number | undefined =>
  spec.variant === "hybrid" ? (spec.positions ?? defaultPositions(layout)) : undefined;

/** Whether a method is ADePT as in the paper, the base of the retrained ablations. */
export const isStandardAdept = (spec: AnySpec | undefined): spec is AdeptSpec =>
  spec !== undefined && spec.kind === kind && (spec as AdeptSpec).variant === "standard";

/** The tensors that a token's own offset is linear in, and the offset that tokens share. */
const LAST: readonly string[] = ["w_up", "b_up", "constant", "table", "shared"];

/** The tensors that make a token's own offset, by the variant. */
function variantTensors({
  spec,
  sizes: { bottleneck },
  layout,
}: MethodShape<AdeptSpec, Sizes<"promptLength" | "bottleneck">>): TensorSpec<Group>[] {
  const { width: d, vocabulary } = layout;
  switch (spec.variant) {
    case "constant":
      return [{ name: "constant", dims: [d], sizes: [d], group: "constant" }];
    case "table":
      return [{ name: "table", dims: [vocabulary, d], sizes: [vocabulary, d], group: "table" }];
    case "hybrid":
      return [...ffnTensors(spec, bottleneck, d), ...positionTensors(positionRows(spec, layout) ?? 0, rank(spec), d)];
    default:
      return ffnTensors(spec, bottleneck, d);
  }
}

/** A token's own offset, before what the options make of it. */
function ownOffset(embedded: Value, context: MethodContext<AdeptSpec>): Value {
  const { spec, parameter, ids } = context;
  if (spec.variant === "constant") return parameter("constant");
  if (spec.variant === "table") return gather(parameter("table"), ids);
  return ffnOffset(ffnInput(embedded, spec), context);
}

/** The same on the host, for rows of the embedding table: (n, width). */
function hostOwnOffsets(
  { spec, sizes, parameters }: Trained<AdeptSpec, Sizes<"promptLength" | "bottleneck">>,
  { rows, width, first }: EmbeddingRows,
): Float32Array {
  if (spec.variant === "constant") {
    const constant = valuesOf(parameters, "constant");
    return Float32Array.from({ length: rows.length }, (_, i) => constant[i % width]!);
  }
  if (spec.variant === "table")
    return valuesOf(parameters, "table").subarray(first * width, first * width + rows.length);
  return hostFfnOffsets({ spec, parameters, r: sizes.bottleneck }, hostFfnInput(rows, width, spec), width);
}

/**
 * ADePT (arXiv 2501.03291): X = [P ; E + relu(E W_down + b1) W_up + b2].
 * The offset of a token depends on its embedding and not on its position; the prompt has no offset; the scale is 1. The
 * variants and options change only the offset, and which tokens get one.
 */
export const adept: Method<typeof schema, "promptLength" | "bottleneck", Group> = {
  kind,
  summary: "a soft prompt, and a shared FFN that gives each token its own offset",
  schema,
  sizes: { promptLength: sharedPromptLength(20), bottleneck: { default: 39, least: 1 } },
  groups: {
    prompt: PROMPT_GROUP,
    ffn: { rate: 0.001, description: "ADePT's FFN" },
    constant: { rate: 0.001, description: "ADePT's constant offset" },
    table: { rate: 0.001, description: "ADePT's per-token offsets" },
    ab: POSITION_GROUP,
    gain: { rate: 0.01, description: "ADePT's gain of offsets" },
  },
  groupsOf: ({ variant, gain }) => [
    "prompt",
    ...VARIANT_GROUPS[variant],
    ...(gain === undefined ? [] : ["gain" as const]),
  ],
  tensors: (shape) => [
    promptTensor(shape.sizes.promptLength, shape.layout.width),
    ...variantTensors(shape),
    ...optionTensors(shape.spec, shape.layout, VARIANT_GROUPS[shape.spec.variant][0]!),
  ],
  initial(tensor, { spec }, from, random) {
    if (tensor.name === PROMPT) return initialPrompt(tensor.sizes[0]!, spec, from, random);
    const option = initialOption(tensor, spec, from);
    if (option !== undefined) return option;
    // kaiming_uniform_(a = sqrt 5) on a (d, r) tensor takes r as the fan-in. W_up = 0, so the offset starts at 0.
    if (["w_down", "w_mid", "a"].includes(tensor.name)) return kaiming(tensor.sizes, tensor.sizes[1]!, random);
    return tensor.name === "norm_weight" ? ones(tensor.sizes) : zeros(tensor.sizes);
  },
  // The offset is linear in these tensors: its last layer's, or itself.
  factorOf: ({ spec, parameters }, tensor) => (LAST.includes(tensor) ? unitOf(spec, parameters) : 1),
  rateUnits: ({ rateUnits }) => rateUnits ?? [],
  embed(embedded, context) {
    const { spec, parameter, positions } = context;
    const own = add(embedded, finalOffset(ownOffset(embedded, context), context));
    return spec.variant === "hybrid"
      ? add(own, positionOffset({ a: parameter("a"), b: parameter("b") }, positions, officialScale(rank(spec))))
      : own;
  },
  switches: {
    "ffn-off": { zero: LAST, empty: [] },
    "gain-off": { zero: [], one: [GAIN], empty: [] },
    "positions-off": { zero: ["b"], empty: [] },
    "prompt-off": { zero: [], empty: [PROMPT] },
  },
  isInputSide: true,
  offsets: ({ variant, shareBelow, offsetTokens }) => ({
    tokens: variant === "table" || shareBelow !== undefined ? "id" : "embedding",
    group: VARIANT_GROUPS[variant][0]!,
    ...(offsetTokens !== undefined && { scope: offsetTokens }),
  }),
  positionRows,
  hiddenLayer({ spec, sizes, parameters }) {
    const layer = hiddenLayer(spec, parameters, sizes.bottleneck);
    const width = (layer?.weight.length ?? 0) / sizes.bottleneck;
    return layer && { ...layer, input: (rows) => hostFfnInput(rows, width, spec) };
  },
  hiddenUnits: ({ spec, sizes }) => (hasFfn(spec) ? sizes.bottleneck : 0),
  regularisation: ({ dropout, offsetPenalty = 0 }) => ({ hiddenDropout: dropout, offsetPenalty }),
  peft: ownPeftForm("ADEPT", { kind, schema }, { promptLength: "num_virtual_tokens", bottleneck: "bottleneck" }),
  fold: {
    prompt: foldedPrompt,
    tokenOffsets: (trained, rows) => hostFinalOffsets(hostOwnOffsets(trained, rows), rows, trained),
    positionOffsets: (trained, width) => positionOffsets(trained, width, officialScale),
  },
};
