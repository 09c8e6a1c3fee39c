import type { Parameters } from "../method/parameters.ts";
import type { GenerateOptions, TunedModel } from "../model/model.ts";
import { sharedTokens } from "./batch/sharedTokens.ts";
import { padBatch } from "./batch/padBatch.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { EVALUATED_ROWS, type EvaluationOptions } from "./evaluation.ts";

/**
 * Generates an answer to each example, in the order given; batches are formed by length.
 * @param options `sampling`: how tokens are drawn; absent: the likeliest is taken
 */
export async function generatedTexts(
  model: TunedModel,
  parameters: Parameters,
  examples: readonly TokenisedExample[],
  { maxTokens, decode, sampling }: Pick<EvaluationOptions, "maxTokens" | "decode"> & Pick<GenerateOptions, "sampling">,
): Promise<string[]> {
  const order = examples.map((_, index) => index).sort((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
  const texts = new Array<string>(examples.length);
  const shared = sharedTokens(examples);
  for (let start = 0; start < order.length; start += EVALUATED_ROWS) {
    const indices = order.slice(start, start + EVALUATED_ROWS);
    const batch = { ...padBatch(indices.map((index) => examples[index]!)), shared };
    const generated = await model.generate(parameters, batch, maxTokens, { sampling });
    for (const [row, index] of indices.entries()) texts[index] = await decode(generated[row]!);
  }
  return texts;
}
