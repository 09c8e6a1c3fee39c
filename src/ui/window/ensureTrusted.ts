import * as vscode from "vscode";

/**
 * Returns whether the window is trusted; a window without a folder is trusted by default. If it is not, tells the user
 * how to trust it.
 */
export async function ensureTrusted(): Promise<boolean> {
  if (!vscode.workspace.isTrusted) {
    const manage = vscode.l10n.t("Manage Trust");
    if (
      (await vscode.window.showErrorMessage(
        vscode.l10n.t("ADePT starts no training in a folder you have not trusted, and leaves its repository alone."),
        manage,
      )) === manage
    )
      await vscode.commands.executeCommand("workbench.trust.manage");
    return false;
  }
  return true;
}
