import { existsSync } from "node:fs";
import { basename } from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "./disposableStore.ts";

/** Key of the global state under which folders used without a workspace are kept. */
const HOMES = "adept.homes";
const MOST_HOMES = 5;

/**
 * The folders that hold runs: the workspace's folders; in a window without a workspace, the folders in which the user
 * has trained without one.
 */
export class Folders extends DisposableStore {
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;

  /** @param state global state, which keeps the folders used without a workspace for all windows */
  constructor(private readonly state: vscode.Memento) {
    super();
    this.register(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.changed.fire();
      }),
    );
  }

  /** Returns all folders that hold runs. */
  all(): readonly vscode.WorkspaceFolder[] {
    const own = vscode.workspace.workspaceFolders ?? [];
    return own.length > 0
      ? own
      : this.homes().map((path, index) => ({ uri: vscode.Uri.file(path), name: basename(path), index }));
  }

  /** Returns the innermost folder that contains a file. */
  of(uri: vscode.Uri): vscode.WorkspaceFolder | undefined {
    const inside = this.all().filter(
      (folder) => uri.scheme === folder.uri.scheme && `${uri.path}/`.startsWith(`${folder.uri.path}/`),
    );
    return vscode.workspace.getWorkspaceFolder(uri) ?? inside.sort((a, b) => b.uri.path.length - a.uri.path.length)[0];
  }

  /** Adds a folder that holds runs, in a window without a workspace. */
  async use(uri: vscode.Uri): Promise<void> {
    if ((vscode.workspace.workspaceFolders?.length ?? 0) > 0) return;
    await this.state.update(
      HOMES,
      [uri.fsPath, ...this.homes().filter((path) => path !== uri.fsPath)].slice(0, MOST_HOMES),
    );
    this.changed.fire();
  }

  /** Returns the folders used without a workspace that still exist, the last used first. */
  private homes(): string[] {
    const stored = this.state.get<unknown>(HOMES);
    return Array.isArray(stored)
      ? stored.filter((path): path is string => typeof path === "string" && existsSync(path))
      : [];
  }
}
