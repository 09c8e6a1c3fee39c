import * as z from "zod";
import { phrase } from "../base/phrase.ts";
import type { Method } from "./method.ts";
import { budget, positive, promptOptions, source } from "./options.ts";
import { modulesToSave, refuseHarmful, type KnownKeys } from "./peft/harmlessKeys.ts";
import { refuseKey } from "./peft/refuseKey.ts";
import { size, type PeftReading } from "./peftForm.ts";
import { foldedPrompt, initialPrompt, ownPromptLength, PROMPT, PROMPT_GROUP, promptTensor } from "./prompt.ts";

const kind = "pt";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  promptLength: positive.optional().describe("m: rows of the soft prompt"),
  budget,
  ...promptOptions,
});

const config = z.looseObject({
  peft_type: z.literal("PROMPT_TUNING"),
  num_virtual_tokens: size,
  token_dim: size.nullish(),
  num_transformer_submodules: size.nullish(),
});
type PromptConfig = z.output<typeof config>;

/** The keys of PromptTuningConfig (PEFT 0.21): how the prompt started changes nothing of a trained one. */
const KEYS: KnownKeys = {
  any: [
    "num_virtual_tokens",
    "token_dim",
    "num_transformer_submodules",
    "num_attention_heads",
    "num_layers",
    "prompt_tuning_init",
    "prompt_tuning_init_text",
    "tokenizer_name_or_path",
    "tokenizer_kwargs",
    // The official code of DePT and ADePT writes the keys of its own methods here too.
    "hidden_size",
    "max_length",
    "r",
    "lora_alpha",
  ],
  refused: { modules_to_save: modulesToSave },
};

/** PEFT has rows for each submodule; of an encoder-decoder it reads those of the first alone. */
function checkSubmodules({ num_transformer_submodules: count }: PromptConfig, { path, layout }: PeftReading): void {
  if (count == null || count === 1 || (count === 2 && !layout.isCausal)) return;
  refuseKey(
    path,
    ["num_transformer_submodules", count],
    phrase`a backbone of this kind has ${layout.isCausal ? 1 : 2} at most`,
    phrase`Give the backbone that the adapter was trained on.`,
  );
}

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
    read(file, place) {
      const given = file as PromptConfig;
      refuseHarmful(given, KEYS, place.path);
      checkSubmodules(given, place);
      return {
        spec: { kind, promptInit: "random", initText: "" },
        sizes: { promptLength: given.num_virtual_tokens },
      };
    },
    storedName: () => "prompt_embeddings",
  },
  fold: { prompt: foldedPrompt },
};
