import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { Where } from "../../executor/executor.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { host } from "../window/host.ts";
import { isOnCluster, placeIn } from "./clusterRuns.ts";
import type { Run, RunsModel } from "./runsModel.ts";

/** How often (ms) Slurm is looked at while the window has the focus, and while it has not. */
const LOOK_MS = 30_000;
const BEHIND = 4;

/** What the watch works with. */
export interface ClusterWatchParts {
  readonly model: RunsModel;
  readonly log: vscode.LogOutputChannel;
  readonly workerPath: string;
}

/**
 * Looks where a cluster's runs are, for the rows of the list; on the way, what waits without a job is submitted, and a
 * run whose job has ended without a word gets its end. A window without such runs asks nobody.
 */
export class ClusterWatch extends DisposableStore {
  private ticks = 0;
  private isLooking = false;

  constructor(private readonly parts: ClusterWatchParts) {
    super();
    const timer = setInterval(() => {
      this.ticks++;
      if (vscode.window.state.focused || this.ticks % BEHIND === 0) void this.look();
    }, LOOK_MS);
    this.register({
      dispose: () => {
        clearInterval(timer);
      },
    });
    // Whoever comes back to the window sees what is the case now.
    this.register(
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) void this.look();
      }),
    );
    this.register(
      parts.model.onDidChange(({ list }) => {
        if (list) void this.look();
      }),
    );
  }

  /** Looks once, unless it does so at this moment. */
  async look(): Promise<void> {
    if (this.isLooking || !vscode.workspace.isTrusted) return;
    this.isLooking = true;
    const { model, log } = this.parts;
    try {
      const places = new Map<string, Where>();
      for (const folder of model.folders.all()) {
        const runs = model.runs(folder).filter(isOnCluster);
        for (const [id, where] of runs.length > 0 ? await this.lookIn(folder, runs) : []) places.set(id, where);
      }
      model.setPlaces(places);
      // What nodes write to a network file system no watcher tells of.
      if (places.size > 0) model.refresh();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.warn(error.message);
    } finally {
      this.isLooking = false;
    }
  }

  private async lookIn(folder: vscode.WorkspaceFolder, runs: readonly Run[]): Promise<ReadonlyMap<string, Where>> {
    const { where, placement } = await host()
      .slurmExecutor(placeIn(folder, this.parts.workerPath))
      .tend(runs.map(({ directory }) => directory));
    if (placement.why !== undefined) this.parts.log.warn(placement.why.message);
    return where;
  }
}
