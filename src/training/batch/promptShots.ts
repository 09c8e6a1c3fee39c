import { mixSeed } from "../../base/mixSeed.ts";
import { permutation } from "../../base/random.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Example } from "../../task/example.ts";
import type { ExampleSource } from "../../task/exampleSource.ts";
import { balancedShots } from "../../task/fewShots.ts";

/**
 * The training examples that stand, solved, before each question of an evaluation: drawn by the run's seed, of a task
 * with labels evenly over them.
 */
export function promptShots(
  train: ExampleSource,
  labels: readonly string[],
  { prompt, seed }: Pick<Experiment, "prompt" | "seed">,
): Example[] {
  const count = prompt?.shots ?? 0;
  if (count === 0) return [];
  const drawn = mixSeed(seed, 6);
  return labels.length > 0
    ? balancedShots(train, count, drawn)
    : Array.from(permutation(train.length, drawn).slice(0, count), (at) => train.example(at));
}
