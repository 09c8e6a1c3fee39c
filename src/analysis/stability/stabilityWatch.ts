import { methodOf } from "../../method/registry.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { Adapter } from "../../adapter/adapterFolder.ts";
import { positionOffsets, tokenOffsets } from "../../adapter/fold.ts";
import { permutation } from "../../base/random.ts";
import type { EmbeddingTable } from "../../model/embeddingTable.ts";
import { norm } from "../offsets/vocabularyTable.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

type StepEvent = Extract<NewRunEvent, { type: "step" }>;

/** A gradient norm of this many times its median over the last steps is a spike. */
export const SPIKE = 10;
const WINDOW = 50;
const FEWEST = 20;
/** The relative change of a component in one step, after warm-up, above which a warning is given. */
const LEAP = 0.5;
/** The ratio of offset length to embedding length above which a warning is given. */
const LONG = 3;
const SAMPLE = 2000;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
};

/** The tokens' embeddings (tokens, width) by row, and all of them, row-major. */
export type Embeddings = Pick<EmbeddingTable, "tokens" | "width" | "row" | "whole">;

/** Watches the steps of a training run, component by component, and gives each kind of warning once. */
export class StabilityWatch {
  private readonly norms = new Map<string, number[]>();
  private readonly still = new Map<string, number>();
  private readonly said = new Set<string>();

  /** @param warmup the number of warm-up steps, in which large changes are expected */
  constructor(private readonly warmup: number) {}

  private once({ key, message }: { key: string; message: Phrase }): Phrase[] {
    if (this.said.has(key)) return [];
    this.said.add(key);
    return [message];
  }

  /** @returns the warnings about one step, each kind once */
  step({ step, gradientNorm, updateRatio, learningRate }: StepEvent): Phrase[] {
    return Object.entries(gradientNorm).flatMap(([group, value]) => {
      const before = this.norms.get(group) ?? [];
      const usual = median(before);
      const rate = learningRate[group] ?? 0;
      const ratio = updateRatio[group] ?? 0;
      const key = `training.learningRate.${group}`;
      this.norms.set(group, [...before, value].slice(-WINDOW));
      const still = value === 0 ? (this.still.get(group) ?? 0) + 1 : 0;
      this.still.set(group, still);
      return [
        ...(before.length >= FEWEST && usual > 0 && value > SPIKE * usual
          ? this.once({
              key: `spike ${group}`,
              message: phrase`Step ${step}: the gradient of ${group} is ${(value / usual).toFixed(0)} times its usual size. If the loss does not come back, lower ${key} (now ${rate.toPrecision(2)}).`,
            })
          : []),
        ...(still === FEWEST
          ? this.once({
              key: `still ${group}`,
              message: phrase`Step ${step}: ${group} has had no gradient for ${FEWEST} steps, so it learns nothing: its units are off, or it is frozen. Start again with a lower ${key}.`,
            })
          : []),
        ...(step > this.warmup && step > FEWEST && ratio > LEAP
          ? this.once({
              key: `leap ${group}`,
              message: phrase`Step ${step}: ${group} changes by ${(100 * ratio).toFixed(0)} % of itself in one step: lower ${key} (now ${rate.toPrecision(2)}).`,
            })
          : []),
      ];
    });
  }

  /**
   * @returns a warning where the offsets of a validation's parameters are too long
   */
  offsets(step: number, adapter: Adapter, embeddings: Embeddings): Phrase[] {
    const offsets = methodOf(adapter.spec.kind).offsets?.(adapter.spec);
    const ratio = offsetRatio(adapter, embeddings);
    if (offsets === undefined || ratio === undefined || ratio <= LONG) return [];
    return this.once({
      key: "offsets",
      message: phrase`Step ${step}: the offsets are ${ratio.toFixed(1)} times as long as the embeddings they are added to: lower training.learningRate.${offsets.group}.`,
    });
  }
}

/** The offsets of a sample of tokens; those that are looked up by token id are made one by one, each with its id. */
function sampledOffsets(
  adapter: Adapter,
  { chosen, sample, width }: { chosen: Int32Array; sample: Float32Array; width: number },
): Float32Array | undefined {
  if (methodOf(adapter.spec.kind).offsets?.(adapter.spec).tokens !== "id") return tokenOffsets(adapter, sample, width);
  const offsets = new Float32Array(sample.length);
  chosen.forEach((id, i) => {
    offsets.set(tokenOffsets(adapter, sample.subarray(i * width, (i + 1) * width), width, id)!, i * width);
  });
  return offsets;
}

/**
 * The mean L2 norm of the offsets divided by that of the embeddings, over a sample of the vocabulary or over all
 * places; undefined without offsets.
 */
export function offsetRatio(adapter: Adapter, embeddings: Embeddings): number | undefined {
  const { tokens: rows, width } = embeddings;
  const chosen =
    rows <= SAMPLE ? Int32Array.from({ length: rows }, (_, i) => i) : permutation(rows, 0).slice(0, SAMPLE);
  const sample = new Float32Array(chosen.length * width);
  chosen.forEach((id, i) => {
    sample.set(embeddings.row(id), i * width);
  });
  const added = sampledOffsets(adapter, { chosen, sample, width }) ?? positionOffsets(adapter, width);
  if (added === undefined) return undefined;
  const mean = (values: Float32Array): number =>
    Array.from({ length: values.length / width }, (_, i) => norm(values.subarray(i * width, (i + 1) * width))).reduce(
      (sum, x) => sum + x,
      0,
    ) /
    (values.length / width);
  return mean(added) / mean(sample);
}
