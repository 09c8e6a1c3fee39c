import * as z from "zod";
import type { Method } from "./method.ts";
import { budget, positive, promptOptions, source } from "./options.ts";
import { size } from "./peftForm.ts";
import { foldedPrompt, initialPrompt, ownPromptLength, PROMPT, PROMPT_GROUP, promptTensor } from "./prompt.ts";

const kind = "pt";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  promptLength: positive.optional().describe("m: rows of the soft prompt"),
  budget,
  ...promptOptions,
});

const config = z.object({
  peft_type: z.literal("PROMPT_TUNING"),
  num_virtual_tokens: size,
  token_dim: size.nullish(),
});

/** Prompt tuning (Lester et al. 2021): X = [P ; E]. */
export const promptTuning: Method<typeof schema, "promptLength", "prompt"> = {
  kind,
  summary: "prompt tuning: a soft prompt",
  schema,
  sizes: { promptLength: ownPromptLength(100) },
  groups: { prompt: PROMPT_GROUP },
  tensors: ({ sizes, layout }) => [promptTensor(sizes.promptLength, layout.width)],
  initial: (tensor, { spec }, from, random) => initialPrompt(tensor.sizes[0]!, spec, from, random),
  switches: { "prompt-off": { zero: [], empty: [PROMPT] } },
  isInputSide: true,
  isShiftControl: true,
  peft: {
    config,
    write: (_, { promptLength }, { shared, layout }) => ({
      peft_type: "PROMPT_TUNING",
      prompt_tuning_init: "RANDOM",
      ...shared,
      num_virtual_tokens: promptLength,
      token_dim: layout.width,
      num_transformer_submodules: 1,
    }),
    read: (file) => ({
      spec: { kind, promptInit: "random", initText: "" },
      sizes: { promptLength: (file as z.output<typeof config>).num_virtual_tokens },
    }),
    storedName: () => "prompt_embeddings",
  },
  fold: { prompt: foldedPrompt },
};
