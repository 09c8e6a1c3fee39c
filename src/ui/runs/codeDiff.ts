import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { codeCommit } from "../../record/record.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { host } from "../window/host.ts";
import type { Run } from "./runsModel.ts";
import { trustedGitStore } from "./trustedGitStore.ts";

const SCHEME = "adept-commit";
/** Files that a comparison shows at most. */
const MOST_FILES = 300;

/** Compares, in VS Code's diff editor, the code of two runs, or that of a run with the files as they are now. */
export class CodeDiff extends DisposableStore implements vscode.TextDocumentContentProvider {
  constructor() {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  /** Returns a file of a commit, or "" if the commit does not have it. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { commit, folder, path } = JSON.parse(uri.query) as { commit: string; folder: string; path: string };
    const store = await trustedGitStore(folder);
    try {
      return await store.fileAt(commit, path);
    } catch {
      return "";
    }
  }

  /** Compares files as they are now with those of a run's commit. */
  async showWorkTree(run: Run, commit: string, paths: readonly string[]): Promise<void> {
    const store = await trustedGitStore(run.folder);
    const folder = run.folder.uri.fsPath;
    const now = (path: string): vscode.Uri => vscode.Uri.file(join(store.git.folder, path));
    const then = (path: string): vscode.Uri =>
      vscode.Uri.from({ scheme: SCHEME, path: `/${path}`, query: JSON.stringify({ commit, folder, path }) });
    const changes = paths
      .slice(0, MOST_FILES)
      .map((path) => [now(path), existsSync(now(path).fsPath) ? now(path) : undefined, then(path)]);
    const title = vscode.l10n.t("Now ↔ {0}", run.record.name);
    const [only] = paths;
    if (paths.length === 1 && only !== undefined && existsSync(now(only).fsPath))
      await vscode.commands.executeCommand("vscode.diff", now(only), then(only), `${basename(only)}: ${title}`);
    else await vscode.commands.executeCommand("vscode.changes", title, changes);
  }

  /**
   * Compares the code of two runs.
   * @throws UserError if a run has no commit
   */
  async show(from: Run, to: Run): Promise<void> {
    const [a, b] = [codeCommitOf(from), codeCommitOf(to)];
    const folder = from.folder.uri.fsPath;
    const store = await trustedGitStore(folder);
    const files = (await store.changedFiles(a, b)).filter(({ path }) => !host().isResult(path));
    if (files.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("The code of both runs is the same."));
      return;
    }
    const uri = (commit: string, path: string): vscode.Uri =>
      vscode.Uri.from({ scheme: SCHEME, path: `/${path}`, query: JSON.stringify({ commit, folder, path }) });
    const changes = files
      .slice(0, MOST_FILES)
      .map(({ path, status }) => [
        uri(b, path),
        status === "added" ? undefined : uri(a, path),
        status === "deleted" ? undefined : uri(b, path),
      ]);
    const title = vscode.l10n.t("{0} ↔ {1}", from.record.name, to.record.name);
    const [only] = files;
    if (files.length === 1 && only !== undefined)
      await vscode.commands.executeCommand(
        "vscode.diff",
        uri(a, only.path),
        uri(b, only.path),
        `${basename(only.path)}: ${title}`,
      );
    else await vscode.commands.executeCommand("vscode.changes", title, changes);
  }
}

/**
 * Returns the commit with the run's code as it was when the run started.
 * @throws UserError if the run has none
 */
export function codeCommitOf({ record }: Run): string {
  const commit = codeCommit(record);
  if (commit === undefined)
    throw new UserError(
      "shown-run-without-commit",
      phrase`Run "${record.name}" has no commit.`,
      phrase`Runs are committed in folders with a git repository.`,
    );
  return commit;
}
