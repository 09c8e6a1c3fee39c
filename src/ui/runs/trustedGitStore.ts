import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { GitStore } from "../../run/git/gitStore.ts";
import { host } from "../window/host.ts";

/**
 * Opens the git repository that contains a folder. Git is not started in a folder that is not trusted, because a
 * repository's configuration and hooks can run programs.
 * @throws UserError if there is no repository, or the folder is not trusted
 */
export async function trustedGitStore(folder: vscode.WorkspaceFolder | string): Promise<GitStore> {
  if (!vscode.workspace.isTrusted)
    throw new UserError(
      "repository-untrusted",
      phrase`The repository of a folder you have not trusted is left alone.`,
      phrase`Trust the folder first.`,
    );
  const store = await host().openGitStore(typeof folder === "string" ? folder : folder.uri.fsPath);
  if ("reason" in store) throw store.reason;
  return store;
}
