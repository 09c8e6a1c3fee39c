import type * as vscode from "vscode";
import type { CodeDiff } from "../runs/codeDiff.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import type { Folders } from "../window/folders.ts";
import type { Heatmaps } from "../heatmap/heatmaps.ts";
import type { Command } from "../window/ids.ts";
import type { Panels } from "../page/panel.ts";
import type { ReadOnlyDocuments } from "../window/readOnlyDocuments.ts";
import type { RunExplorer } from "../runs/runExplorer.ts";
import type { RunLogs } from "../runs/runLogs.ts";
import type { RunPick } from "../runs/runPick.ts";
import type { RunsModel } from "../runs/runsModel.ts";
import type { Setups } from "../setup/setup.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";

/** The parts of the extension that commands work with. */
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
  readonly logs: RunLogs;
  readonly log: vscode.LogOutputChannel;
  readonly state: vscode.Memento;
  readonly workerPath: string;
}

/**
 * Runs a command.
 * @param argument what the command was called on: a row of the list, a run's id, a file's URI or nothing
 * @param selected all selected rows, if the command was called on one of several
 */
export type CommandHandler = (argument: unknown, selected: unknown) => unknown;
/** The handlers of a group of commands. */
export type CommandHandlers<C extends Command> = Record<C, CommandHandler>;
