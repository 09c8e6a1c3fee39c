import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { DisposableStore } from "../window/disposableStore.ts";
import { translated } from "../window/localised.ts";

/**
 * package.json names the schema by it: VS Code asks for it, and wakes the extension, when an experiment file is opened
 * and not before.
 */
const SCHEME = "adept-schema";

/** The schema of experiment files, for VS Code's own JSON support. */
export class ExperimentSchema extends DisposableStore implements vscode.TextDocumentContentProvider {
  constructor(private readonly path: string) {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  /** In the window's language: hovers and completion show its texts as they stand. */
  provideTextDocumentContent(): string {
    const shown = /^(title|description|label)$/;
    return JSON.stringify(JSON.parse(readFileSync(this.path, "utf8")), (_, value: unknown) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, each]: [string, unknown]) => [
          key,
          shown.test(key) && typeof each === "string" ? translated(each) : each,
        ]),
      );
    });
  }
}
