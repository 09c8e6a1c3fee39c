import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { pairedRuns } from "../../analysis/compare/pairedRuns.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type { Prediction } from "../../training/evaluation.ts";
import type { RunComparison } from "../../protocol/results/comparison.ts";

const Line = z.object({
  input: z.string(),
  target: z.string(),
  prediction: z.string(),
  loss: z.number(),
  answers: z.array(z.string()).optional(),
});

/** Test predictions of the trained model; undefined where the run has none, or the file is damaged. */
function predictionsOf(run: RunDirectory): Prediction[] | undefined {
  try {
    return readFileSync(join(run.path, "analysis", "predictions-trained.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Line.parse(JSON.parse(line)) as Prediction);
  } catch {
    return undefined;
  }
}

/** Compares runs with the first one. */
export function compareJob(runs: readonly RunDirectory[]): RunComparison {
  return pairedRuns(
    runs.map((run) => ({
      id: run.id,
      experiment: run.experiment(),
      record: run.record(),
      predictions: predictionsOf(run),
    })),
  );
}
