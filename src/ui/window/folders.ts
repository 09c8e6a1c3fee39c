import { existsSync } from "node:fs";
import { basename } from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "./disposableStore.ts";

const HOMES = "adept.homes";
const MOST_HOMES = 5;

/** Where runs are kept: the workspace's folders; in a window without any, those that were trained in without one. */
export class Folders extends DisposableStore {
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;

  /** @param state remembers, for all windows, the folders used without a workspace */
  constructor(private readonly state: vscode.Memento) {
    super();
    this.register(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.changed.fire();
      }),
    );
  }

  all(): readonly vscode.WorkspaceFolder[] {
    const own = vscode.workspace.workspaceFolders ?? [];
    return own.length > 0
      ? own
      : this.homes().map((path, index) => ({ uri: vscode.Uri.file(path), name: basename(path), index }));
  }

  /** The folder that a file is in. */
  of(uri: vscode.Uri): vscode.WorkspaceFolder | undefined {
    const inside = this.all().filter(
      (folder) => uri.scheme === folder.uri.scheme && `${uri.path}/`.startsWith(`${folder.uri.path}/`),
    );
    return vscode.workspace.getWorkspaceFolder(uri) ?? inside.sort((a, b) => b.uri.path.length - a.uri.path.length)[0];
  }

  /** In a window without a workspace a folder becomes one that runs are kept in. */
  async use(uri: vscode.Uri): Promise<void> {
    if ((vscode.workspace.workspaceFolders?.length ?? 0) > 0) return;
    await this.state.update(
      HOMES,
      [uri.fsPath, ...this.homes().filter((path) => path !== uri.fsPath)].slice(0, MOST_HOMES),
    );
    this.changed.fire();
  }

  private homes(): string[] {
    const stored = this.state.get<unknown>(HOMES);
    return Array.isArray(stored)
      ? stored.filter((path): path is string => typeof path === "string" && existsSync(path))
      : [];
  }
}
