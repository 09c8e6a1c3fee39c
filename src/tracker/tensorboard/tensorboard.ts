import { join } from "node:path";
import { continueExport } from "../outputFile.ts";
import type { TrackedRun } from "../trackedRun.ts";
import { eventFile } from "./eventFile.ts";

/** Writes a run's event file to a folder of its own in TensorBoard's folder. @returns the file @throws UserError */
export function exportToTensorboard(run: TrackedRun, folder: string): string {
  // Always the same name: TensorBoard shows every event file of a folder.
  const file = join(folder, run.id, `events.out.tfevents.${Math.floor(run.startedAt / 1000)}.adept-lab`);
  continueExport(file, eventFile(run));
  return file;
}
