import { sourceOf } from "../../task/exampleSource.ts";
import { loadTask } from "../../task/loadTask.ts";
import { encodeAll } from "../batch/exampleEncoder.ts";
import { promptShots } from "../batch/promptShots.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import type { DataExperiment, LoadedData, ReadingModel } from "./loadedData.ts";
import { checkStop, type Preparing } from "./preparing.ts";

/** Bytes that a token, and a character of text, take in memory: of both there are about two copies. */
const TOKEN = 8;
const CHARACTER = 4;
const EXAMPLE = 500;

const bytesOf = (examples: readonly TokenisedExample[]): number =>
  examples.reduce(
    (sum, { ids, labels, input, target }) =>
      sum + EXAMPLE + (ids.length + labels.length) * TOKEN + (input.length + target.length) * CHARACTER,
    0,
  );

/**
 * Loads data into memory.
 * @throws UserError naming file, line and field; PreparationStopped
 */
export async function memoryData(
  experiment: DataExperiment,
  { encoder }: ReadingModel,
  preparing: Preparing,
): Promise<LoadedData> {
  const { task, training } = experiment;
  const data = await loadTask(task);
  const asked = encoder.withShots(promptShots(sourceOf(data.train), data.labels, experiment));
  const check = (): void => {
    checkStop(preparing);
  };
  const train = await encodeAll(data.train, encoder, check);
  const scored = {
    validation: data.validation.slice(0, training.validationLimit),
    test: data.test.slice(0, training.testLimit),
  };
  const validation = await encodeAll(scored.validation, asked, check);
  const test = await encodeAll(scored.test, asked, check);
  return {
    lists: { train, validation, test },
    texts: { train: sourceOf(data.train), validation: sourceOf(scored.validation), test: sourceOf(scored.test) },
    labels: data.labels,
    metrics: data.metrics,
    drawn: data.drawn ?? [],
    notes: data.notes ?? [],
    asked,
    bytes: bytesOf(train) + bytesOf(validation) + bytesOf(test),
    keep: undefined,
    endThreads: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
