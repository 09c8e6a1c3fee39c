import { padBatch } from "./batch/padBatch.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import type { PassRate } from "../task/code/passRate.ts";
import { score, type MetricName } from "../task/metric/metrics.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import type { TunedModel } from "../model/model.ts";

/** A prediction of one example and its loss in nats per label token. */
export interface Prediction {
  input: string;
  target: string;
  prediction: string;
  loss: number;
  answers?: readonly string[] | undefined;
  group?: string | undefined;
}

/** The result of an evaluation. */
export interface EvaluationResult {
  /** Mean over label tokens, in nats. */
  loss: number;
  /** The task's metrics, and the share of exact matches as `accuracy`. */
  metrics: Record<string, number>;
  predictions: Prediction[];
}

/** How examples are evaluated. */
export interface EvaluationOptions {
  /** The largest number of new tokens per example. */
  maxTokens: number;
  decode: (ids: number[]) => Promise<string>;
  /** Targets to choose among by likelihood; without them, targets are generated. */
  candidates?: Candidates | undefined;
  /** The task's metrics and labels; by default accuracy only. */
  scoring?: { metrics: readonly MetricName[]; labels: readonly string[] };
  /** Computes pass@1 of generated code, which then is the first metric. */
  passRate?: PassRate | undefined;
  batchSize?: number;
  /** Called before each batch; if it returns true, the evaluation ends without a result. */
  stopRequested?: () => boolean;
}

/** The targets that a prediction may be, as text and as ids with end-of-sequence. */
export interface Candidates {
  texts: readonly string[];
  ids: readonly ArrayLike<number>[];
}

/** The number of examples that are predicted at once. */
export const EVALUATED_ROWS = 64;
interface Predicted {
  sum: number[];
  tokens: number[];
  texts: string[];
}

async function greedily(
  model: TunedModel,
  parameters: Parameters,
  batch: Batch,
  { maxTokens, decode }: EvaluationOptions,
): Promise<Predicted> {
  const { sum, tokens, generated } = await model.predict(parameters, batch, maxTokens);
  const texts: string[] = [];
  for (const ids of generated) texts.push(await decode(ids));
  return { sum, tokens, texts };
}

/**
 * Predicts the likeliest candidate of each row. The loss is the target's; a target that is not among the candidates
 * needs another pass.
 */
async function likeliest(
  model: TunedModel,
  parameters: Parameters,
  batch: Batch,
  { texts, ids }: Candidates,
): Promise<Predicted> {
  const scores = await model.scoreTargets(parameters, batch, ids);
  const keys = ids.map((each) => Array.from(each).join());
  const targets = Array.from({ length: batch.rows }, (_, row) =>
    Array.from(batch.labels.subarray(row * batch.targetLength, (row + 1) * batch.targetLength)).filter((id) => id >= 0),
  );
  const known = targets.map((target) => keys.indexOf(target.join()));
  const tokens = targets.map((target) => target.length);
  const sum = known.includes(-1)
    ? (await model.losses(parameters, batch)).sum
    : known.map((at, row) => scores[row]![at]!);
  return { sum, tokens, texts: scores.map((row) => texts[row.indexOf(Math.min(...row))] ?? "") };
}

/**
 * Computes loss and predictions of all examples, in the order given; batches are formed by length.
 * @returns undefined where there are no examples, or a stop was requested before the end
 */
export async function evaluate(
  model: TunedModel,
  parameters: Parameters,
  examples: readonly TokenisedExample[],
  options: EvaluationOptions,
): Promise<EvaluationResult | undefined> {
  if (examples.length === 0) return undefined;
  const order = examples.map((_, index) => index).sort((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
  const predictions = new Array<Prediction>(examples.length);
  const size = options.batchSize ?? EVALUATED_ROWS;
  let lossSum = 0;
  let tokenCount = 0;
  for (let start = 0; start < order.length; start += size) {
    if (options.stopRequested?.() === true) return undefined;
    const indices = order.slice(start, start + size);
    const batch = padBatch(indices.map((index) => examples[index]!));
    const { sum, tokens, texts } = await (options.candidates
      ? likeliest(model, parameters, batch, options.candidates)
      : greedily(model, parameters, batch, options));
    for (const [row, index] of indices.entries()) {
      const { input, target, answers, group } = examples[index]!;
      lossSum += sum[row]!;
      tokenCount += tokens[row]!;
      predictions[index] = { input, target, answers, group, prediction: texts[row]!, loss: sum[row]! / tokens[row]! };
    }
  }
  const { metrics, labels } = options.scoring ?? { metrics: [], labels: [] };
  const passed: Record<string, number> =
    options.passRate === undefined
      ? {}
      : {
          passAt1: await options.passRate.of(
            predictions.map(({ prediction }, i) => ({ prediction, tests: examples[i]!.tests })),
          ),
        };
  return {
    loss: lossSum / tokenCount,
    metrics: { ...passed, ...score([...new Set<MetricName>([...metrics, "accuracy"])], predictions, labels) },
    predictions,
  };
}
