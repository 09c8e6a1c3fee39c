import * as vscode from "vscode";

/** Whether a folder is open and trusted; says what to do where not. */
export async function isReady(): Promise<boolean> {
  if ((vscode.workspace.workspaceFolders?.length ?? 0) === 0) {
    const open = vscode.l10n.t("Open Folder");
    if (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT needs an open folder to keep its runs in."), open) === open) await vscode.commands.executeCommand("vscode.openFolder");
    return false;
  }
  if (!vscode.workspace.isTrusted) {
    const manage = vscode.l10n.t("Manage Trust");
    if (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT starts no training in a folder you have not trusted."), manage) === manage) await vscode.commands.executeCommand("workbench.trust.manage");
    return false;
  }
  return true;
}
