import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { Store } from "./disposable.ts";

/** package.json names the schema by it: VS Code asks for it, and wakes the extension, when an experiment file is opened and not before. */
const SCHEME = "adept-schema";

/** The schema of experiment files, for VS Code's own JSON support. */
export class ExperimentSchema extends Store implements vscode.TextDocumentContentProvider {
  constructor(private readonly path: string) {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  provideTextDocumentContent(): string { return readFileSync(this.path, "utf8"); }
}
