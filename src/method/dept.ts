import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import { add } from "../graph/ops.ts";
import { kaiming, zeros } from "./draw.ts";
import type { Method } from "./method.ts";
import { budget, length, positive, promptOptions, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";
import {
  defaultPositions,
  officialScale,
  POSITION_GROUP,
  positionOffset,
  positionOffsets,
  positionTensors,
} from "./positionTable.ts";
import { foldedPrompt, initialPrompt, PROMPT, PROMPT_GROUP, promptTensor, sharedPromptLength } from "./prompt.ts";

const kind = "dept";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  promptLength: length.optional().describe("m: rows of the soft prompt"),
  rank: positive.optional().describe("Rank of the position table"),
  budget,
  ...promptOptions,
  positions: positive
    .optional()
    .describe("Rows of DePT's position table: the longest input in tokens; in a causal model, of input and answer"),
  scale: z
    .union([z.literal("official"), z.number().positive()])
    .default("official")
    .describe('Factor of the offsets: "official" is 8 / sqrt(rank)'),
});

type DeptSpec = z.output<typeof schema>;
const rowsOf = ({ positions }: DeptSpec, layout: BackboneLayout): number => positions ?? defaultPositions(layout);
const scaleOf = ({ scale }: DeptSpec, rank: number): number => (scale === "official" ? officialScale(rank) : scale);

const own = ownPeftForm("DEPT", { kind, schema }, { promptLength: "num_virtual_tokens", rank: "bottleneck" });

/**
 * DePT (arXiv 2309.05173): X = [P ; E + c (a b)], an offset for each place of the text, in a causal model of text and
 * target; c = 8 / sqrt(r) in the official
 * code.
 */
export const dept: Method<typeof schema, "promptLength" | "rank", "prompt" | "ab"> = {
  kind,
  summary: "DePT: a shorter soft prompt, and an offset of low rank for each position",
  schema,
  sizes: { promptLength: sharedPromptLength(60), rank: { default: 30, least: 1 } },
  groups: { prompt: PROMPT_GROUP, ab: POSITION_GROUP },
  tensors: ({ spec, sizes: { promptLength, rank }, layout }) => [
    promptTensor(promptLength, layout.width),
    ...positionTensors(rowsOf(spec, layout), rank, layout.width),
  ],
  initial(tensor, { spec }, from, random) {
    if (tensor.name === PROMPT) return initialPrompt(tensor.sizes[0]!, spec, from, random);
    return tensor.name === "a" ? kaiming(tensor.sizes, tensor.sizes[1]!, random) : zeros(tensor.sizes);
  },
  factorOf: ({ spec, sizes }, tensor) => (tensor === "b" ? scaleOf(spec, sizes.rank) : 1),
  embed: (embedded, { spec, sizes, parameter, positions }) =>
    add(embedded, positionOffset({ a: parameter("a"), b: parameter("b") }, positions, scaleOf(spec, sizes.rank))),
  switches: { "positions-off": { zero: ["b"], empty: [] }, "prompt-off": { zero: [], empty: [PROMPT] } },
  isInputSide: true,
  offsets: () => ({ tokens: undefined, group: "ab" }),
  positionRows: rowsOf,
  peft: {
    ...own,
    write: (spec, sizes, context) =>
      // Parsed again, which puts the keys in the schema's order.
      own.write(schema.parse({ ...spec, positions: rowsOf(spec, context.layout) }), sizes, context),
  },
  fold: {
    prompt: foldedPrompt,
    positionOffsets: (trained, width) => positionOffsets(trained, width, (rank) => scaleOf(trained.spec, rank)),
  },
};
