import type * as vscode from "vscode";
import type { CodeDiff } from "./codeDiff.ts";
import type { ErrorReport } from "./errorReport.ts";
import type { Folders } from "./folders.ts";
import type { Heatmaps } from "./heatmaps.ts";
import type { Command } from "./ids.ts";
import type { Panels } from "./panel.ts";
import type { ReadOnlyDocuments } from "./readOnlyDocuments.ts";
import type { RunExplorer } from "./runExplorer.ts";
import type { RunPick } from "./runPick.ts";
import type { RunsModel } from "./runsModel.ts";
import type { Setups } from "./setup.ts";
import type { Tokens } from "./tokens.ts";

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
  readonly tokens: Tokens;
  readonly documents: ReadOnlyDocuments;
  readonly log: vscode.LogOutputChannel;
  readonly state: vscode.Memento;
  readonly workerPath: string;
}

/** `selected`: all selected rows, where a command was called on one of several. */
export type Handler = (argument: unknown, selected: unknown) => unknown;
export type Handlers<C extends Command> = Record<C, Handler>;
