import * as vscode from "vscode";

/** Whether the window is trusted, which one without a folder is by default; says what to do where not. */
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
