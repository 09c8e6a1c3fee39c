import * as z from "zod";
import { matmul, mul, reshape } from "../graph/ops.ts";
import { ones } from "./draw.ts";
import type { Method } from "./method.ts";
import { budget, positive, promptOptions, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";
import { valuesOf } from "./parameters.ts";
import { foldedPrompt, initialPrompt, ownPromptLength, PROMPT, PROMPT_GROUP, promptTensor } from "./prompt.ts";
import { promptTuning } from "./promptTuning.ts";

const kind = "mpt";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  promptLength: positive.optional().describe("m: rows of the soft prompt"),
  budget,
  ...promptOptions,
});

/**
 * MPT (Wang et al. 2023): X = [P * (u v^T) ; E], a prompt times a rank-one matrix of its task; u = v = 1 at the start.
 */
export const mpt: Method<typeof schema, "promptLength", "prompt" | "uv"> = {
  kind,
  summary: "MPT: a soft prompt learnt from several tasks, times a rank-one factor",
  schema,
  sizes: { promptLength: ownPromptLength(100) },
  groups: { prompt: PROMPT_GROUP, uv: { rate: 0.005, description: "MPT's rank-one factor" } },
  tensors: ({ sizes: { promptLength }, layout: { width } }) => [
    promptTensor(promptLength, width),
    { name: "u", dims: ["P"], sizes: [promptLength], group: "uv" },
    { name: "v", dims: [width], sizes: [width], group: "uv" },
  ],
  initial: (tensor, { spec }, from, random) =>
    tensor.name === PROMPT ? initialPrompt(tensor.sizes[0]!, spec, from, random) : ones(tensor.sizes),
  prompt: ({ parameter, layout: { width } }) =>
    mul(parameter(PROMPT), matmul(reshape(parameter("u"), ["P", 1]), reshape(parameter("v"), [1, width]))),
  switches: { "prompt-off": { zero: [], empty: [PROMPT, "u"] } },
  isInputSide: true,
  distillation: {
    teacher: promptTuning.kind,
    student(teacher, { promptLength }) {
      const { promptInit, initText } = promptTuning.schema.parse(teacher);
      return schema.parse({ kind, promptLength, promptInit, initText });
    },
  },
  peft: ownPeftForm("MPT", { kind, schema }, { promptLength: "num_virtual_tokens" }),
  fold: {
    prompt(trained, width) {
      const u = valuesOf(trained.parameters, "u");
      const v = valuesOf(trained.parameters, "v");
      return foldedPrompt(trained)?.map((p, i) => p * u[Math.floor(i / width)]! * v[i % width]!);
    },
  },
};
