import { padBatch, type TokenisedExample } from "./batching.ts";
import type { Parameters, TunedModel } from "./model.ts";

export interface Prediction { input: string; target: string; prediction: string; loss: number }

/** `loss`: mean over label tokens, in nats; `accuracy`: share of exact matches after trimming, 0..1. */
export interface EvaluationResult { loss: number; accuracy: number; predictions: Prediction[] }

export interface EvaluationOptions {
  /** most new tokens per example */
  maxTokens: number;
  decode: (ids: number[]) => Promise<string>;
  batchSize?: number;
  /** asked before each batch: true ends the evaluation without a result */
  stopRequested?: () => boolean;
}

const BATCH = 64;

/**
 * Loss and greedy predictions of all examples, in the order given; batches are formed by length.
 * @returns undefined when there are no examples, or a stop was requested before the end
 */
export async function evaluate(model: TunedModel, parameters: Parameters, examples: readonly TokenisedExample[], options: EvaluationOptions): Promise<EvaluationResult | undefined> {
  if (examples.length === 0) return undefined;
  const order = examples.map((_, index) => index).sort((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
  const predictions = new Array<Prediction>(examples.length);
  const size = options.batchSize ?? BATCH;
  let lossSum = 0;
  let tokenCount = 0;
  for (let start = 0; start < order.length; start += size) {
    if (options.stopRequested?.() === true) return undefined;
    const indices = order.slice(start, start + size);
    const batch = padBatch(indices.map((index) => examples[index]!));
    const { sum, tokens } = await model.losses(parameters, batch);
    const generated = await model.generate(parameters, batch, options.maxTokens);
    for (const [row, index] of indices.entries()) {
      const { input, target } = examples[index]!;
      lossSum += sum[row]!;
      tokenCount += tokens[row]!;
      predictions[index] = { input, target, prediction: await options.decode(generated[row]!), loss: sum[row]! / tokens[row]! };
    }
  }
  const correct = predictions.filter(({ target, prediction }) => target.trim() === prediction.trim()).length;
  return { loss: lossSum / tokenCount, accuracy: correct / predictions.length, predictions };
}
