import { padBatch, type TokenisedExample } from "./batching.ts";
import { score, type MetricName } from "../task/metric/score.ts";
import type { Parameters, TunedModel } from "./model.ts";

export interface Prediction { input: string; target: string; prediction: string; loss: number; answers?: readonly string[] | undefined; group?: string | undefined }

/** `loss`: mean over label tokens, in nats; `metrics`: those of the task, and the share of exact matches as accuracy. */
export interface EvaluationResult { loss: number; metrics: Record<string, number>; predictions: Prediction[] }

export interface EvaluationOptions {
  /** most new tokens per example */
  maxTokens: number;
  decode: (ids: number[]) => Promise<string>;
  /** the task's metrics and its labels; default: accuracy alone */
  scoring?: { metrics: readonly MetricName[]; labels: readonly string[] };
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
      const { input, target, answers, group } = examples[index]!;
      lossSum += sum[row]!;
      tokenCount += tokens[row]!;
      predictions[index] = { input, target, answers, group, prediction: await options.decode(generated[row]!), loss: sum[row]! / tokens[row]! };
    }
  }
  const { metrics, labels } = options.scoring ?? { metrics: [], labels: [] };
  return { loss: lossSum / tokenCount, metrics: score([...new Set<MetricName>([...metrics, "accuracy"])], predictions, labels), predictions };
}
