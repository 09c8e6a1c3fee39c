import { exampleTokens } from "../../backbone/batchRows.ts";
import { settled } from "../../engine/engineSpec.ts";
import { promptRows } from "../../method/prompt.ts";
import { methodOf } from "../../method/registry.ts";
import { stepRows } from "../../model/batchParts.ts";
import type { StepPart } from "../../model/speed/partSeconds.ts";
import { epochBatches } from "../batch/batchSequence.ts";
import { shapeOf, spreadPlaces } from "../batch/exampleList.ts";
import type { ExampleLengths } from "../memory/largestShapes.ts";
import type { Prepared } from "../prepare.ts";

/** Examples whose lengths are looked at, and batches of them that are forecast. */
const MOST_EXAMPLES = 4096;
const MOST_BATCHES = 8;

/** What a training step takes, on average. */
export interface StepForecast {
  seconds: number;
  /** Tokens that the backbone reads: those of the prompt, of texts, and in a causal model of targets. */
  tokens: number;
}

/** The rows of each of some batches. */
function sampledBatches(
  { experiment: { training, seed }, train }: Pick<Prepared, "experiment" | "train">,
  isCausal: boolean,
): ExampleLengths[][] {
  const examples = Array.from(spreadPlaces(train.length, MOST_EXAMPLES), (place): ExampleLengths => {
    const { source, target } = shapeOf(train, place);
    return { ids: { length: Math.max(1, source) }, labels: { length: target } };
  });
  const lengths = examples.map((each) => exampleTokens(each, isCausal));
  const batches = epochBatches(lengths, training.batchSize, seed, 0);
  return Array.from(spreadPlaces(batches.length, MOST_BATCHES), (at) => batches[at]!.map((row) => examples[row]!));
}

/** The parts that a batch is computed in. */
export function partsOf(
  rows: readonly ExampleLengths[],
  { prompt, isCausal, partTokens }: { prompt: number; isCausal: boolean; partTokens?: number | undefined },
): StepPart[] {
  const lengths = rows.map((row) => exampleTokens(row, isCausal));
  return stepRows(
    lengths.map((length) => prompt + length),
    partTokens,
  ).map((part) => {
    const own = part.map((row) => rows[row]!);
    return {
      rows: part.length,
      source: Math.max(...own.map(({ ids }) => ids.length)),
      target: Math.max(1, ...own.map(({ labels }) => labels.length)),
      columns: Math.max(...part.map((row) => lengths[row]!)),
      tokens: part.reduce((sum, row) => sum + lengths[row]!, 0),
      labels: own.reduce((sum, { labels }) => sum + labels.length, 0),
    };
  });
}

/**
 * Forecasts a training step from the work of its graph and short timed products on this machine, in about a second.
 * Undefined where a graphics processor or another engine computes, whose speed such products would not show.
 */
export async function forecastStep(
  prepared: Pick<Prepared, "experiment" | "model" | "train">,
): Promise<StepForecast | undefined> {
  const { experiment, model, train } = prepared;
  if (settled(experiment.engine).device !== "cpu" || train.length === 0) return undefined;
  const { isCausal } = model.layout;
  const prompt = promptRows(methodOf(experiment.method.kind).tensors(model.shape));
  const batches = sampledBatches(prepared, isCausal);
  const parts = batches.flatMap((rows) => partsOf(rows, { prompt, isCausal }));
  const seconds = await model.partSeconds(parts);
  const share = experiment.training.accumulation / batches.length;
  const read = batches.flat().reduce((sum, row) => sum + prompt + exampleTokens(row, isCausal), 0);
  return { seconds: share * seconds.reduce((a, b) => a + b, 0), tokens: Math.round(share * read) };
}
