import type { Method } from "./method.ts";
import { initialPrompt, PROMPT, promptTensor } from "./prompt.ts";

/** Prompt tuning (Lester et al. 2021): X = [P ; E]. */
export const promptTuning: Method<"pt"> = {
  kind: "pt",
  defaults: { promptLength: 100 },
  tensors: ({ sizes, layout }) => [promptTensor(sizes.promptLength, layout.width)],
  initial: (tensor, { spec }, source, random) => initialPrompt(tensor.sizes[0]!, spec, source, random),
  switches: { "prompt-off": { zero: [], empty: [PROMPT] } },
};
