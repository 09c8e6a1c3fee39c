import * as vscode from "vscode";
import { DisposableStore } from "./disposableStore.ts";

const SCHEME = "adept-text";
/** Documents whose text is kept. */
const MOST_DOCUMENTS = 20;

/** Documents that the extension makes to be read, such as a token table or a prediction. They cannot be edited. */
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
   * Shows a text beside the active editor, which keeps the focus.
   * @param name the document's name, whose extension chooses the language
   */
  async show(name: string, content: string): Promise<void> {
    const key = String(++this.count);
    this.contents.set(key, content);
    for (const oldest of [...this.contents.keys()].slice(0, -MOST_DOCUMENTS)) this.contents.delete(oldest);
    await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument(
        vscode.Uri.from({ scheme: SCHEME, path: `/${name.replace(/[\\/]/g, "-")}`, query: key }),
      ),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    );
  }
}
