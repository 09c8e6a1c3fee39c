import { basename, dirname } from "node:path";
import * as vscode from "vscode";

/** Places of one experiment that are watched. */
const MOST = 20;

/** Looks after files and folders, there or not, also where another program changes them. */
export class PathWatch {
  private readonly watchers = new Map<string, vscode.Disposable>();

  constructor(private readonly changed: () => void) {}

  /** These from now on, and no others. */
  set(places: readonly string[]): void {
    const wanted = new Set(places.slice(0, MOST));
    for (const [place, watcher] of this.watchers)
      if (!wanted.has(place)) {
        watcher.dispose();
        this.watchers.delete(place);
      }
    for (const place of wanted) if (!this.watchers.has(place)) this.watchers.set(place, this.watch(place));
  }

  dispose(): void {
    this.set([]);
  }

  private watch(place: string): vscode.Disposable {
    // A name is no pattern, whatever it holds.
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(dirname(place)), basename(place).replace(/[*?{}[\]]/g, "[$&]")),
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
