import { permutation } from "../base/random.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { Example } from "./example.ts";
import type { ExampleSource } from "./exampleSource.ts";
import { balancedShots, officialShots } from "./fewShots.ts";
import { MOST_LABELS } from "./labels.ts";
import type { MetricName } from "./metric/metrics.ts";

/** A task of the user's own data. */
export type OwnTask = Exclude<TaskSpec, { kind: "named" }>;

/** Whether the answers are free text, which has no classes. @param targets the number of different ones in training */
const isFreeText = (spec: OwnTask, targets: number): boolean =>
  (spec.kind === "text" && spec.label === undefined) || (spec.kind === "chat" && targets > MOST_LABELS);

/**
 * How a task of the user's own data is scored.
 * @param targets the different targets of the training examples; of more than MOST_LABELS, at least so many
 */
export function scoringOf(spec: OwnTask, targets: readonly string[]): { labels: string[]; metrics: MetricName[] } {
  const isFree = isFreeText(spec, targets.length);
  return {
    labels: isFree || targets.length > MOST_LABELS ? [] : [...targets].sort(),
    metrics: isFree ? ["answerF1"] : ["accuracy"],
  };
}

/**
 * Draws a few training examples, where the task asks for that; undefined: all are taken.
 * @param targets counts the different targets of the training examples
 */
export function drawShots(spec: OwnTask, train: ExampleSource, targets: () => number): Example[] | undefined {
  const { shots } = spec;
  if (shots === undefined) return undefined;
  const seed = shots.seed ?? 0;
  const count = targets();
  // Free text has no classes to draw evenly from.
  if (spec.kind === "chat" && isFreeText(spec, count))
    return Array.from(permutation(train.length, seed).slice(0, shots.k), (at) => train.example(at));
  if (shots.sampling === "balanced") return balancedShots(train, shots.k, seed);
  const classes = isFreeText(spec, count) ? 0 : count;
  return officialShots(train, { k: shots.k, seed }, { classOf: (target) => target, classes });
}
