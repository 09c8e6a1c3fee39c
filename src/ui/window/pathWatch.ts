import { basename, dirname } from "node:path";
import * as vscode from "vscode";

/** Paths that are watched at most. */
const MOST_PATHS = 20;

/** Watches files and folders, whether they exist or not, for changes by any program. */
export class PathWatch {
  private readonly watchers = new Map<string, vscode.Disposable>();

  constructor(private readonly changed: () => void) {}

  /** Watches these paths from now on, and no others. */
  set(paths: readonly string[]): void {
    const wanted = new Set(paths.slice(0, MOST_PATHS));
    for (const [path, watcher] of this.watchers)
      if (!wanted.has(path)) {
        watcher.dispose();
        this.watchers.delete(path);
      }
    for (const path of wanted) if (!this.watchers.has(path)) this.watchers.set(path, this.watch(path));
  }

  dispose(): void {
    this.set([]);
  }

  private watch(path: string): vscode.Disposable {
    // The watcher takes a glob pattern: characters that are special in one are quoted.
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(dirname(path)), basename(path).replace(/[*?{}[\]]/g, "[$&]")),
    );
    return vscode.Disposable.from(
      watcher,
      ...[watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete].map((event) =>
        event(() => {
          this.changed();
        }),
      ),
    );
  }
}
