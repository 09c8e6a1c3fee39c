import { padBatch } from "./batch/padBatch.ts";
import { shapeOf, type ExampleList } from "./batch/exampleList.ts";
import { mixSeed } from "../base/mixSeed.ts";
import type { Sampling } from "../model/chooseToken.ts";
import { sharedTokens } from "./batch/sharedTokens.ts";
import type { PassRate } from "../task/code/passRate.ts";
import { score, type MetricName, type Scored } from "../task/metric/metrics.ts";
import { strip } from "../task/metric/pythonText.ts";
import type { ReadBack } from "./readBack.ts";
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
  /** The target as the tokenizer gives it back, and the answers, where that differs from the data. */
  read?: { target: string; answers?: readonly string[] } | undefined;
}

/** How predictions are scored: the task's metrics, its labels, and the form in which targets are compared. */
export interface Scoring {
  metrics: readonly MetricName[];
  labels: readonly string[];
  /** By default targets are compared as they are. */
  readBack?: ReadBack | undefined;
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
  scoring?: Scoring;
  /** Whether the loss alone is computed: no predictions and no metrics. */
  lossOnly?: boolean;
  /** Computes pass@k of generated code; pass@1 then is the first metric. */
  passRate?: PassRate | undefined;
  /** The programs that pass@k is computed of; absent: the prediction alone. */
  codeSamples?: CodeSamples | undefined;
  batchSize?: number;
  /** Called before each batch; if it returns true, the evaluation ends without a result. */
  stopRequested?: () => boolean;
}

/** Programs that are drawn for an example, beside its prediction. */
export interface CodeSamples extends Sampling {
  count: number;
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

async function predicted(
  model: TunedModel,
  parameters: Parameters,
  batch: Batch,
  options: EvaluationOptions,
): Promise<Predicted> {
  if (options.lossOnly === true)
    return { ...(await model.losses(parameters, batch)), texts: Array.from({ length: batch.rows }, () => "") };
  return options.candidates === undefined
    ? greedily(model, parameters, batch, options)
    : likeliest(model, parameters, batch, options.candidates);
}

/** Programs of each row of a batch: drawn ones, or the predictions. */
async function programsOf(
  model: TunedModel,
  parameters: Parameters,
  { batch, texts }: { batch: Batch; texts: readonly string[] },
  { codeSamples, maxTokens, decode }: EvaluationOptions,
): Promise<string[][]> {
  if (codeSamples === undefined) return texts.map((text) => [text]);
  const programs = texts.map((): string[] => []);
  for (let i = 0; i < codeSamples.count; i++) {
    const sampling = { ...codeSamples, seed: mixSeed(codeSamples.seed, i) };
    const generated = await model.generate(parameters, batch, maxTokens, { sampling });
    for (const [row, ids] of generated.entries()) programs[row]!.push(await decode(ids));
  }
  return programs;
}

/**
 * Computes loss and predictions of all examples, in the order given; batches are formed by length.
 * @returns undefined where there are no examples, or a stop was requested before the end
 */
export async function evaluate(
  model: TunedModel,
  parameters: Parameters,
  examples: ExampleList,
  options: EvaluationOptions,
): Promise<EvaluationResult | undefined> {
  if (examples.length === 0) return undefined;
  const order = Array.from({ length: examples.length }, (_, index) => index);
  const lengths = order.map((index) => shapeOf(examples, index).source);
  order.sort((a, b) => lengths[a]! - lengths[b]!);
  const predictions = new Array<Prediction>(examples.length);
  const programs = new Array<string[]>(examples.length);
  const size = options.batchSize ?? EVALUATED_ROWS;
  const shared = sharedTokens(examples);
  let lossSum = 0;
  let tokenCount = 0;
  for (let start = 0; start < order.length; start += size) {
    if (options.stopRequested?.() === true) return undefined;
    const indices = order.slice(start, start + size);
    const chosen = indices.map((index) => examples.at(index)!);
    const batch = { ...padBatch(chosen), shared };
    const { sum, tokens, texts } = await predicted(model, parameters, batch, options);
    const drawn =
      options.passRate === undefined || options.lossOnly === true
        ? []
        : await programsOf(model, parameters, { batch, texts }, options);
    for (const [row, index] of indices.entries()) {
      const { input, target, answers, group } = chosen[row]!;
      lossSum += sum[row]!;
      tokenCount += tokens[row]!;
      predictions[index] = { input, target, answers, group, prediction: texts[row]!, loss: sum[row]! / tokens[row]! };
      programs[index] = drawn[row] ?? [];
    }
  }
  if (options.lossOnly === true) return { loss: lossSum / tokenCount, metrics: {}, predictions };
  const passed = await options.passRate?.of(
    programs.map((each, i) => ({ programs: each, tests: examples.at(i)!.tests })),
  );
  return {
    loss: lossSum / tokenCount,
    metrics: { ...passed, ...(await scored(predictions, options)) },
    predictions,
  };
}

/** Whether two texts are the same but for white space at both ends. */
const same = (a: string, b: string): boolean => strip(a) === strip(b);

/** Scores predictions by targets in the form that the tokenizer gives them, and keeps that form where it differs. */
async function scored(
  predictions: Prediction[],
  { scoring = { metrics: [], labels: [] }, candidates }: EvaluationOptions,
): Promise<Record<string, number>> {
  const { metrics, labels, readBack = (text) => Promise.resolve(text) } = scoring;
  const readAll = (texts: readonly string[]): Promise<string[]> => Promise.all(texts.map(readBack));
  const cases: Scored[] = [];
  for (const each of predictions) {
    const target = await readBack(each.target);
    const answers = each.answers === undefined ? undefined : await readAll(each.answers);
    const differs = !same(target, each.target) || (answers?.some((text, i) => !same(text, each.answers![i]!)) ?? false);
    if (differs) each.read = { target, ...(answers && { answers }) };
    // What was generated is decoded tokens already; a candidate is a label of the data.
    const prediction = candidates === undefined ? each.prediction : await readBack(each.prediction);
    cases.push({ prediction, target, answers, group: each.group });
  }
  return score([...new Set<MetricName>([...metrics, "accuracy"])], cases, await readAll(labels));
}
