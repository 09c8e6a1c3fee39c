import { stepRows, predictionRows } from "../../model/batchParts.ts";
import { exampleTokens } from "../../backbone/batchRows.ts";
import type { PartShape } from "../../model/memory/partSizes.ts";
import { epochBatches } from "../batch/batchSequence.ts";
import type { ExampleLengths } from "./largestShapes.ts";

/** The number of batches that are examined; of more, those with the longest inputs. */
const MOST_BATCHES = 2000;

/** The prompt's length, and the length that longer inputs are cut to, in tokens. */
export interface PartOptions {
  prompt: number;
  longest: number;
  /** Whether the model reads text and target as one sequence. */
  isCausal: boolean;
}

const sourceOf = ({ ids }: ExampleLengths, { longest }: PartOptions): number =>
  Math.max(1, Math.min(longest, ids.length));

/**
 * The parts that may take the most memory: with the most positions, the most pairs of positions, the most target
 * tokens, and the shortest target.
 */
function largest(parts: readonly PartShape[], prompt: number): PartShape[] {
  const by = (size: (part: PartShape) => number): PartShape =>
    parts.reduce((most, part) => (size(part) > size(most) ? part : most));
  return parts.length === 0
    ? []
    : [
        ...new Set([
          by(({ rows, source }) => rows * (prompt + source)),
          by(({ rows, source }) => rows * (prompt + source) ** 2),
          by(({ rows, target }) => rows * target),
          by(({ target }) => -target),
        ]),
      ];
}

function shapesOf(
  rows: readonly ExampleLengths[],
  cut: (lengths: readonly number[]) => number[][],
  options: PartOptions,
): PartShape[] {
  const lengths = rows.map((row) => sourceOf(row, options));
  const targets = rows.map(({ labels }) => (options.isCausal ? Math.max(0, labels.length - 1) : 0));
  return cut(lengths.map((length, row) => options.prompt + length + targets[row]!)).map((part) => ({
    rows: part.length,
    source: Math.max(...part.map((row) => lengths[row]!)),
    target: Math.max(1, ...part.map((row) => rows[row]!.labels.length)),
  }));
}

/**
 * The parts of an epoch's batches that may take the most memory.
 * @param partTokens tokens of one part; undefined: the processor's default
 */
export function largestTrained(
  examples: readonly ExampleLengths[],
  { batchSize, seed, partTokens }: { batchSize: number; seed: number; partTokens: number | undefined },
  options: PartOptions,
): PartShape[] {
  const lengths = examples.map((example) => exampleTokens(example, options.isCausal));
  const batches = epochBatches(lengths, batchSize, seed, 0);
  const longestFirst =
    batches.length <= MOST_BATCHES
      ? batches
      : batches
          .map((batch) => ({ batch, longest: Math.max(...batch.map((at) => lengths[at]!)) }))
          .sort((a, b) => b.longest - a.longest)
          .slice(0, MOST_BATCHES)
          .map(({ batch }) => batch);
  return largest(
    longestFirst.flatMap((batch) =>
      shapesOf(
        batch.map((at) => examples[at]!),
        (each) => stepRows(each, partTokens),
        options,
      ),
    ),
    options.prompt,
  );
}

/** The parts of evaluated batches, which are formed by length, that may take the most memory. */
export function largestEvaluated(
  examples: readonly ExampleLengths[],
  { batchSize, copies }: { batchSize: number; copies: number },
  options: PartOptions,
): PartShape[] {
  const order = [...examples].sort((a, b) => a.ids.length - b.ids.length);
  const parts: PartShape[] = [];
  for (let start = 0; start < order.length; start += batchSize)
    parts.push(...shapesOf(order.slice(start, start + batchSize), (each) => predictionRows(each, copies), options));
  return largest(parts, options.prompt);
}
