import { initialPrompt, promptTensor } from "./prompt.ts";
import type { Method } from "./method.ts";

/** Prompt tuning (Lester et al. 2021): X = [P ; E]. */
export const promptTuning: Method = {
  kind: "pt",
  tensors: ({ promptLength }, d) => [promptTensor(promptLength, d)],
  initial: (tensor, spec, source, random) => initialPrompt(tensor.sizes[0]!, spec, source, random),
  embed: (embedded) => embedded,
  switches: { "prompt-off": { zero: [], empty: ["prompt"] } },
};
