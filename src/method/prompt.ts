import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { MersenneTwister } from "../base/random.ts";
import type { InitialisationSource, LearningRateGroupForm, SizeForm, TensorSpec } from "./method.ts";
import type { Trained } from "./trained.ts";

/** The name of the soft prompt's tensor in every method that has one. */
export const PROMPT = "prompt";

export const PROMPT_GROUP: LearningRateGroupForm = { rate: 0.1, description: "the soft prompt" };

/**
 * The prompt's length in a method where another size shares the budget. For ADePT's (60, 19) the prompt takes 60 of the
 * paper's 100 rows.
 */
export const sharedPromptLength = (byDefault: number): SizeForm => ({ default: byDefault, least: 0, share: 0.6 });

/** The prompt's length in a method that trains nothing else, and so needs at least one row. */
export const ownPromptLength = (byDefault: number): SizeForm => ({ default: byDefault, least: 1 });

export const promptTensor = (length: number, width: number): TensorSpec<"prompt"> => ({
  name: PROMPT,
  dims: ["P", width],
  sizes: [length, width],
  group: "prompt",
});

/** Rows of the prompt among a method's tensors; 0 for a method without one. */
export const promptRows = (tensors: readonly TensorSpec[]): number =>
  tensors.find(({ name }) => name === PROMPT)?.sizes[0] ?? 0;

/**
 * The soft prompt at step 0: rows of the embedding table at the tokens of a text (with its end token), repeated to m
 * rows and cut, or N(0,1); as prompt_tuning_lorax.py of the official code does (lines 129, 155-172).
 */
export function initialPrompt(
  length: number,
  spec: { promptInit: "text" | "random" },
  source: InitialisationSource,
  random: MersenneTwister,
): Float32Array {
  const data = new Float32Array(length * source.width);
  if (spec.promptInit === "random") return data.map(() => random.normal());
  if (length > 0 && source.promptIds.length === 0)
    throw new UserError(
      "prompt-text-without-tokens",
      phrase`method.initText has no tokens to start the prompt from`,
      phrase`Write some text, or set promptInit to "random".`,
    );
  for (let row = 0; row < length; row++) {
    const id = source.promptIds[row % source.promptIds.length]!;
    data.set(source.embedding(id), row * source.width);
  }
  return data;
}

/** The trained prompt (m, width), row-major, of a method whose prompt is the tensor itself; undefined: no rows. */
export function foldedPrompt({ parameters }: Pick<Trained, "parameters">): Float32Array | undefined {
  const data = parameters.get(PROMPT)?.data;
  return data === undefined || data.length === 0 ? undefined : data;
}
