import type { ExecutorPlace, Where } from "../../executor/executor.ts";
import type { ExecutorKind } from "../../experiment/executorSpec.ts";
import { isOpen, isWaiting } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type * as vscode from "vscode";
import { host } from "../window/host.ts";
import { runsDirectory, type Run } from "./runsModel.ts";

/** A run's kind never changes, and finding it reads its experiment: rows and menus ask at each step of each run. */
const kinds = new WeakMap<RunDirectory, ExecutorKind>();

/** Whether a run was made for a cluster. */
export function isClusters({ directory, where }: Run): boolean {
  if (where !== undefined) return true;
  const known = kinds.get(directory);
  if (known !== undefined) return known === "slurm";
  const kind = host().kindOf(directory);
  kinds.set(directory, kind);
  return kind === "slurm";
}

/** Whether a run waits for a cluster or is at work on it. */
export const isOnCluster = (run: Run): boolean =>
  (isOpen(run.record.status) || isWaiting(run.record)) && isClusters(run);

/** Whether a run waits for a cluster, to be started the first time or again. */
export const waitsForCluster = (run: Run): boolean => isWaiting(run.record) && isClusters(run);

/** Where the cluster says that a run is; what it said before the run ended counts no more. */
export const whereIs = (run: Run): Where | undefined =>
  run.where !== undefined && isOnCluster(run) ? run.where : undefined;

/** Where the runs of a folder lie, and how their workers are started. */
export const placeIn = (folder: vscode.WorkspaceFolder, workerPath: string): ExecutorPlace => ({
  runsDir: runsDirectory(folder),
  folder: folder.uri.fsPath,
  workerPath,
  nodePath: process.execPath,
});
