import { resolve } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import { isAddress, serverAddress } from "../run/files/trackerAddress.ts";
import { exportToMlflowFolder } from "./mlflow/mlflowFolder.ts";
import { mlflowPlace } from "./mlflow/mlflowRequest.ts";
import { exportToMlflowServer } from "./mlflow/mlflowServer.ts";
import { writeExport } from "./outputFile.ts";
import { csvText } from "./table/csvText.ts";
import { parquetBytes } from "./table/parquetBytes.ts";
import { runTable, stepTable } from "./table/runTable.ts";
import { exportToTensorboard } from "./tensorboard/tensorboard.ts";
import { trackedRun, type RunSource, type TrackedRun } from "./trackedRun.ts";
import { exportToWandb } from "./wandb/wandb.ts";

/** Where runs go: folders of trackers, files of tables. */
export interface Destinations {
  tensorboard?: string | undefined;
  /** A folder, or the address of a tracking server. */
  mlflow?: string | undefined;
  wandb?: string | undefined;
  csv?: string | undefined;
  parquet?: string | undefined;
  /** Whether a table has a row for each step instead of one for each run. */
  steps: boolean;
}

/** The places that were written, by destination. */
export type Written = Partial<Record<Exclude<keyof Destinations, "steps">, string>>;

/** How an export to a server goes on. */
export interface Sending {
  /** Ends it; what was sent stays. */
  signal: AbortSignal;
  /** Where MLflow's own variables are. */
  environment: NodeJS.ProcessEnv;
  /** Sends of a run while nobody else does. */
  alone?: (id: string, send: () => Promise<unknown>) => Promise<unknown>;
  /** Told of what a run has sent: points of its curves. */
  onProgress?: (progress: { run: number; runs: number; done: number; all: number }) => void;
}

async function sendRuns(
  runs: readonly { run: TrackedRun; experiment: Experiment }[],
  address: string,
  { signal, environment, alone = (_, send) => send(), onProgress }: Sending,
): Promise<string> {
  const place = mlflowPlace(serverAddress(address), environment, signal);
  for (const [i, { run, experiment }] of runs.entries())
    await alone(run.id, () =>
      exportToMlflowServer(run, experiment, place, (done, all) => {
        onProgress?.({ run: i + 1, runs: runs.length, done, all });
      }),
    );
  return place.address;
}

const HERE: Sending = { signal: new AbortController().signal, environment: {} };

/**
 * Writes runs for the trackers and into the tables that are named. A run that was written before is written again in
 * its place, or brought up to what it is now.
 * @throws UserError where a place cannot be written, or a server does not take them
 */
export async function exportRuns(
  sources: readonly RunSource[],
  to: Destinations,
  sending: Sending = HERE,
): Promise<Written> {
  const runs = sources.map((source) => ({ run: trackedRun(source), experiment: source.experiment }));
  const written: Written = {};
  for (const { run, experiment } of runs) {
    if (to.tensorboard !== undefined) exportToTensorboard(run, to.tensorboard);
    if (to.mlflow !== undefined && !isAddress(to.mlflow)) exportToMlflowFolder(run, to.mlflow);
    if (to.wandb !== undefined) exportToWandb(run, experiment, to.wandb);
  }
  for (const name of ["tensorboard", "mlflow", "wandb"] as const)
    if (to[name] !== undefined) written[name] = resolve(to[name]);
  if (to.mlflow !== undefined && isAddress(to.mlflow)) written.mlflow = await sendRuns(runs, to.mlflow, sending);
  if (to.csv === undefined && to.parquet === undefined) return written;
  const table = (to.steps ? stepTable : runTable)(runs.map(({ run }) => run));
  if (to.csv !== undefined) writeExport((written.csv = resolve(to.csv)), csvText(table));
  if (to.parquet !== undefined) writeExport((written.parquet = resolve(to.parquet)), parquetBytes(table));
  return written;
}
