import * as vscode from "vscode";
import type { Setting } from "./ids.ts";

/** A boolean setting; anything else written there counts as the default, which is true for all of ours. */
export function isEnabled(setting: Setting, scope?: vscode.Uri): boolean {
  return vscode.workspace.getConfiguration(undefined, scope ?? null).get<unknown>(setting) !== false;
}
