import * as vscode from "vscode";
import { DisposableStore } from "./disposableStore.ts";

const SCHEME = "adept-text";
const MOST = 20;

/** Texts made for reading, such as a table or a prediction: nothing to save, nothing to lose. */
export class ReadOnlyDocuments extends DisposableStore implements vscode.TextDocumentContentProvider {
  private readonly contents = new Map<string, string>();
  private count = 0;

  constructor() {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.contents.get(uri.query) ?? "";
  }

  /**
   * Shows a text beside the active editor, which keeps the keyboard.
   * @param name with its extension, which chooses the language
   */
  async show(name: string, content: string): Promise<void> {
    const key = String(++this.count);
    this.contents.set(key, content);
    for (const oldest of [...this.contents.keys()].slice(0, -MOST)) this.contents.delete(oldest);
    await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument(
        vscode.Uri.from({ scheme: SCHEME, path: `/${name.replace(/[\\/]/g, "-")}`, query: key }),
      ),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    );
  }
}
