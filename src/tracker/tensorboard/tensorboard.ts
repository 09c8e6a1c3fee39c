import { join } from "node:path";
import { continueExport } from "../outputFile.ts";
import type { TrackedRun } from "../trackedRun.ts";
import { eventFile } from "./eventFile.ts";

/** A run's event file in TensorBoard's folder. Always the same name: TensorBoard shows every file of a folder. */
export const eventFilePath = ({ id, startedAt }: Pick<TrackedRun, "id" | "startedAt">, folder: string): string =>
  join(folder, id, `events.out.tfevents.${Math.floor(startedAt / 1000)}.adept-lab`);

/** Writes a run's event file to a folder of its own in TensorBoard's folder. @returns the file @throws UserError */
export function exportToTensorboard(run: TrackedRun, folder: string): string {
  const file = eventFilePath(run, folder);
  continueExport(file, eventFile(run));
  return file;
}
