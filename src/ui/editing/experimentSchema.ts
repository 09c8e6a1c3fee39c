import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { DisposableStore } from "../window/disposableStore.ts";
import { translated } from "../window/localised.ts";

/**
 * URI scheme by which package.json names the schema. VS Code asks for the schema, and activates the extension for it,
 * only when an experiment file is opened.
 */
const SCHEME = "adept-schema";

/** Provides the schema of experiment files for VS Code's JSON support. */
export class ExperimentSchema extends DisposableStore implements vscode.TextDocumentContentProvider {
  constructor(private readonly path: string) {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  /** Returns the schema in the window's language, because hovers and completion show its texts unchanged. */
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
