import * as vscode from "vscode";
import { repositoryAround } from "../../run/git/repositoryAround.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { hasOffsets } from "./heatmapCommands.ts";
import type { Heatmaps } from "../heatmap/heatmaps.ts";
import { host } from "../window/host.ts";
import { ContextKey } from "../window/ids.ts";
import { runsDirectory, type RunsModel } from "../runs/runsModel.ts";

const LOOK_MS = 1000;

/** Keeps what menus and welcome texts ask up to date. */
export class ContextKeys extends DisposableStore {
  private readonly told = new Map<ContextKey, boolean>();
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
        this.tell(ContextKey.heatmapShown, heatmaps.active() !== undefined);
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
    const waiting = this.model.runs().some(({ record }) => record.status === "queued");
    this.tell(
      ContextKey.noRepository,
      folders.length > 0 && folders.every(({ uri }) => repositoryAround(uri.fsPath) === undefined),
    );
    // A queue's process ends without a word in any journal: while runs wait, it is looked after.
    if (waiting)
      this.timer ??= setInterval(() => {
        this.update();
      }, LOOK_MS);
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.tell(ContextKey.hasOffsets, this.model.runs().some(hasOffsets));
    this.tell(
      ContextKey.hasResults,
      this.model.runs().some(({ record }) => record.status === "finished" || record.status === "stopped"),
    );
    this.tell(ContextKey.queueWaiting, waiting);
    this.tell(
      ContextKey.queueRunning,
      waiting && folders.some((folder) => host().workingDevices(runsDirectory(folder)).length > 0),
    );
  }

  private tell(key: ContextKey, value: boolean): void {
    if (this.told.get(key) === value) return;
    this.told.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
