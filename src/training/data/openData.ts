import { statSync } from "node:fs";
import type { TaskSpec } from "../../experiment/experiment.ts";
import type { RowTask } from "./encodeBlock.ts";
import type { DataExperiment, LoadedData, ReadingModel } from "./loadedData.ts";
import { memoryData } from "./memoryData.ts";
import { UNWATCHED, type Preparing } from "./preparing.ts";
import { storedData } from "./storedData.ts";

/** Bytes of data files from which on examples are kept on disk: in memory they would take some fifty times as many. */
const LARGE = 4e6;
/** How much larger than its file the text of a packed file is, about. */
const PACKED = 5;

const isRowTask = (task: TaskSpec): task is RowTask => task.kind === "file" || task.kind === "chat";

/** Bytes of the text in a task's files, about; a file that is not there has none. */
function dataBytes({ train, validation, test }: RowTask): number {
  return [train, validation, test].reduce((sum, path) => {
    const size = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    return sum + size * (path !== undefined && /\.(gz|parquet)$/i.test(path) ? PACKED : 1);
  }, 0);
}

/**
 * Loads the examples of an experiment: into memory, or where its files are large from the cache on disk.
 * @param large bytes from which on files are large
 * @throws UserError naming file, line and field; PreparationStopped
 */
export async function openData(
  experiment: DataExperiment,
  model: ReadingModel,
  { preparing = UNWATCHED, large = LARGE }: { preparing?: Preparing; large?: number } = {},
): Promise<LoadedData> {
  const { task } = experiment;
  return isRowTask(task) && dataBytes(task) >= large
    ? storedData({ ...experiment, task }, model, preparing)
    : memoryData(experiment, model, preparing);
}
