import { resolve } from "node:path";
import { exportToMlflowFolder } from "./mlflow/mlflowFolder.ts";
import { writeExport } from "./outputFile.ts";
import { csvText } from "./table/csvText.ts";
import { parquetBytes } from "./table/parquetBytes.ts";
import { runTable, stepTable } from "./table/runTable.ts";
import { exportToTensorboard } from "./tensorboard/tensorboard.ts";
import { trackedRun, type RunSource } from "./trackedRun.ts";
import { exportToWandb } from "./wandb/wandb.ts";

/** Where runs go: folders of trackers, files of tables. */
export interface Destinations {
  tensorboard?: string | undefined;
  mlflow?: string | undefined;
  wandb?: string | undefined;
  csv?: string | undefined;
  parquet?: string | undefined;
  /** Whether a table has a row for each step instead of one for each run. */
  steps: boolean;
}

/** The places that were written, by destination. */
export type Written = Partial<Record<Exclude<keyof Destinations, "steps">, string>>;

/**
 * Writes runs for the trackers and into the tables that are named. A run that was written before is written again in
 * its place.
 * @throws UserError where a place cannot be written
 */
export function exportRuns(sources: readonly RunSource[], to: Destinations): Promise<Written> {
  const runs = sources.map((source) => ({ run: trackedRun(source), experiment: source.experiment }));
  const written: Written = {};
  for (const { run, experiment } of runs) {
    if (to.tensorboard !== undefined) exportToTensorboard(run, to.tensorboard);
    if (to.mlflow !== undefined) exportToMlflowFolder(run, to.mlflow);
    if (to.wandb !== undefined) exportToWandb(run, experiment, to.wandb);
  }
  for (const name of ["tensorboard", "mlflow", "wandb"] as const)
    if (to[name] !== undefined) written[name] = resolve(to[name]);
  if (to.csv === undefined && to.parquet === undefined) return Promise.resolve(written);
  const table = (to.steps ? stepTable : runTable)(runs.map(({ run }) => run));
  if (to.csv !== undefined) writeExport((written.csv = resolve(to.csv)), csvText(table));
  if (to.parquet !== undefined) writeExport((written.parquet = resolve(to.parquet)), parquetBytes(table));
  return Promise.resolve(written);
}
