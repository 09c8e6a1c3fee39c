import * as vscode from "vscode";
import { repositoryAround } from "../../run/git/repositoryAround.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { hasHeatmap } from "./heatmapCommands.ts";
import type { Heatmaps } from "../heatmap/heatmaps.ts";
import { host } from "../window/host.ts";
import { ContextKey } from "../window/ids.ts";
import { isClusters, isOnCluster } from "../runs/clusterRuns.ts";
import { runsDirectory, type RunsModel } from "../runs/runsModel.ts";

/** Interval in ms at which the queue's process is looked for while runs wait. */
const QUEUE_POLL_MS = 1000;

/** Keeps the context keys up to date that the `when` clauses of menus and welcome texts read. */
export class ContextKeys extends DisposableStore {
  private readonly values = new Map<ContextKey, boolean>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly model: RunsModel,
    heatmaps: Heatmaps,
  ) {
    super();
    this.register(
      model.onDidChange(() => {
        this.update();
      }),
    );
    this.register(
      heatmaps.onDidChange(() => {
        this.set(ContextKey.heatmapShown, heatmaps.active() !== undefined);
      }),
    );
    this.register(
      model.folders.onDidChange(() => {
        this.update();
      }),
    );
    const watcher = this.register(vscode.workspace.createFileSystemWatcher("**/.git/HEAD"));
    this.register(
      watcher.onDidCreate(() => {
        this.update();
      }),
    );
    this.update();
  }

  override dispose(): void {
    clearInterval(this.timer);
    super.dispose();
  }

  private update(): void {
    const folders = this.model.folders.all();
    // A cluster's queue is Slurm's own: there is none to pause here.
    const waiting = this.model.runs().some((run) => run.record.status === "queued" && !isClusters(run));
    this.set(
      ContextKey.noRepository,
      folders.length > 0 && folders.every(({ uri }) => repositoryAround(uri.fsPath) === undefined),
    );
    // No journal tells when a queue's process ends: while runs wait, it is looked for at an interval.
    if (waiting)
      this.timer ??= setInterval(() => {
        this.update();
      }, QUEUE_POLL_MS);
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.set(ContextKey.hasOffsets, this.model.runs().some(hasHeatmap));
    this.set(
      ContextKey.hasResults,
      this.model.runs().some(({ record }) => record.status === "finished" || record.status === "stopped"),
    );
    this.set(ContextKey.clusterRuns, this.model.runs().some(isOnCluster));
    this.set(ContextKey.queueWaiting, waiting);
    this.set(
      ContextKey.queueRunning,
      waiting && folders.some((folder) => host().workingDevices(runsDirectory(folder)).length > 0),
    );
  }

  private set(key: ContextKey, value: boolean): void {
    if (this.values.get(key) === value) return;
    this.values.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
