import * as vscode from "vscode";

/**
 * Asks for a text. The box stays open when the focus goes elsewhere: a context menu gives the focus back late, which
 * would close it at once, and a text is often copied from another window.
 * @returns undefined where the user has cancelled
 */
export const askText = (options: vscode.InputBoxOptions): Thenable<string | undefined> =>
  vscode.window.showInputBox({ ...options, ignoreFocusOut: true });
