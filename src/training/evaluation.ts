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
  /** called after each batch with the share done, 0..1 */
  onProgress?: (share: number) => void;
}

const BATCH = 64;

/**
 * Loss and greedy predictions of all examples, in the order given; batches are formed by length.
 * With no examples, the loss and the accuracy are NaN.
 */
export async function evaluate(model: TunedModel, parameters: Parameters, examples: readonly TokenisedExample[], options: EvaluationOptions): Promise<EvaluationResult> {
  const order = examples.map((_, index) => index).sort((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
  const predictions = new Array<Prediction>(examples.length);
  const size = options.batchSize ?? BATCH;
  let lossSum = 0;
  let tokenCount = 0;
  for (let start = 0; start < order.length; start += size) {
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
    options.onProgress?.(Math.min(1, (start + size) / order.length));
  }
  const correct = predictions.filter(({ target, prediction }) => target.trim() === prediction.trim()).length;
  return { loss: lossSum / tokenCount, accuracy: correct / predictions.length, predictions };
}
