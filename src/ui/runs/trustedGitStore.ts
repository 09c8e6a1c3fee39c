import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { GitStore } from "../../run/git/gitStore.ts";
import { host } from "../window/host.ts";

/**
 * The repository around a folder. Without trust git is not started at all: a repository's own configuration and hooks
 * are programs.
 * @throws UserError where there is none, or no trust
 */
export async function trustedGitStore(folder: vscode.WorkspaceFolder | string): Promise<GitStore> {
  if (!vscode.workspace.isTrusted)
    throw new UserError(
      vscode.l10n.t("The repository of a folder you have not trusted is left alone."),
      vscode.l10n.t("Trust the folder first."),
    );
  const store = await host().openGitStore(typeof folder === "string" ? folder : folder.uri.fsPath);
  if ("reason" in store) throw new UserError(store.reason);
  return store;
}
