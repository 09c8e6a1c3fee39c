import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFolderAtomic } from "../../base/files/atomicFolder.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { exporting } from "../outputFile.ts";
import type { TrackedRun } from "../trackedRun.ts";
import { wandbFile } from "./wandbFile.ts";

const EXPERIMENT = "experiment.json";

/** YYYYMMDD_HHMMSS in universal time. */
const stamp = (time: number): string =>
  new Date(time).toISOString().replace(/[-:]/g, "").replace("T", "_").slice(0, 15);

/**
 * Writes a run as wandb does offline, to wandb/offline-run-TIME-ID in a folder. A run that is there as it would be
 * written is left alone, with wandb's mark that it was synced.
 * @returns the run's folder
 * @throws UserError where the folder cannot be written
 */
export function exportToWandb(run: TrackedRun, experiment: Experiment, folder: string): string {
  const target = join(folder, "wandb", `offline-run-${stamp(run.startedAt)}-${run.id}`);
  const file = `run-${run.id}.wandb`;
  const content = wandbFile(run, [EXPERIMENT]);
  if (existsSync(join(target, file)) && readFileSync(join(target, file)).equals(content)) return target;
  exporting(target, () => {
    writeFolderAtomic(target, true, (fresh) => {
      mkdirSync(join(fresh, "files"));
      writeFileSync(join(fresh, "files", EXPERIMENT), `${JSON.stringify(experiment, null, 2)}\n`);
      writeFileSync(join(fresh, file), content);
    });
  });
  return target;
}
