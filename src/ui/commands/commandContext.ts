import type * as vscode from "vscode";
import type { CodeDiff } from "../runs/codeDiff.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import type { Folders } from "../window/folders.ts";
import type { Heatmaps } from "../heatmap/heatmaps.ts";
import type { Command } from "../window/ids.ts";
import type { Panels } from "../page/panel.ts";
import type { ReadOnlyDocuments } from "../window/readOnlyDocuments.ts";
import type { RunExplorer } from "../runs/runExplorer.ts";
import type { RunPick } from "../runs/runPick.ts";
import type { RunsModel } from "../runs/runsModel.ts";
import type { Setups } from "../setup/setup.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";

/** What commands work on. */
export interface CommandContext {
  readonly model: RunsModel;
  readonly explorer: RunExplorer;
  readonly panels: Panels;
  readonly pick: RunPick;
  readonly diff: CodeDiff;
  readonly errors: ErrorReport;
  readonly heatmaps: Heatmaps;
  readonly folders: Folders;
  readonly setups: Setups;
  readonly tokens: SharedTokenWorker;
  readonly documents: ReadOnlyDocuments;
  readonly log: vscode.LogOutputChannel;
  readonly state: vscode.Memento;
  readonly workerPath: string;
}

/** `selected`: all selected rows, where a command was called on one of several. */
export type CommandHandler = (argument: unknown, selected: unknown) => unknown;
export type CommandHandlers<C extends Command> = Record<C, CommandHandler>;
