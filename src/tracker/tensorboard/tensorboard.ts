import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileName } from "../../base/files/fileName.ts";
import { continueExport, exporting } from "../outputFile.ts";
import type { TrackedRun } from "../trackedRun.ts";
import { eventFile } from "./eventFile.ts";

/**
 * The folder of a run in TensorBoard's, which lists runs by these names: the run's name and its id. A run that is there
 * keeps its folder when it is renamed, since a second one would be a second run.
 * @throws UserError where the folder cannot be read
 */
function runFolder({ id, name }: Pick<TrackedRun, "id" | "name">, folder: string): string {
  const there = existsSync(folder) ? exporting(folder, () => readdirSync(folder)) : [];
  const kept = there.find((each) => each === id || each.endsWith(`_${id}`));
  return kept ?? [fileName(name), id].filter((part) => part !== "").join("_");
}

/**
 * A run's event file in TensorBoard's folder. Always the same name: TensorBoard shows every file of a folder.
 * @throws UserError where the folder cannot be read
 */
export const eventFilePath = (run: Pick<TrackedRun, "id" | "name" | "startedAt">, folder: string): string =>
  join(folder, runFolder(run, folder), `events.out.tfevents.${Math.floor(run.startedAt / 1000)}.adept-lab`);

/** Writes a run's event file to a folder of its own in TensorBoard's folder. @returns the file @throws UserError */
export function exportToTensorboard(run: TrackedRun, folder: string): string {
  const file = eventFilePath(run, folder);
  continueExport(file, eventFile(run));
  return file;
}
