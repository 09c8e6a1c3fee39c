import { UserError } from "../base/errors.ts";
import type { MersenneTwister } from "../base/random.ts";
import type { InitialisationSource, TensorSpec } from "./method.ts";

export const PROMPT = "prompt";

export const promptTensor = (length: number, width: number): TensorSpec => ({
  name: PROMPT,
  dims: ["P", width],
  sizes: [length, width],
  group: "prompt",
});

/**
 * The soft prompt at step 0: rows of the embedding table at the tokens of a text (with its final </s>), repeated to m
 * rows and cut, or N(0,1). As the official code does (reference: prompt_tuning_lorax.py 129, 155-172).
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
      "method.initText has no tokens to start the prompt from",
      'Write some text, or set promptInit to "random".',
    );
  for (let row = 0; row < length; row++) {
    const id = source.promptIds[row % source.promptIds.length]!;
    data.set(source.embedding.subarray(id * source.width, (id + 1) * source.width), row * source.width);
  }
  return data;
}
