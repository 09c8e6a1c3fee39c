import * as vscode from "vscode";
import type { Setting } from "./ids.ts";

const read = (setting: Setting, scope?: vscode.Uri): unknown => vscode.workspace.getConfiguration(undefined, scope ?? null).get<unknown>(setting);

/** A boolean setting; anything else written there counts as its default. */
export function isEnabled(setting: Setting, scope?: vscode.Uri, otherwise = true): boolean {
  const value = read(setting, scope);
  return typeof value === "boolean" ? value : otherwise;
}

/** One of several values; undefined where something else is written there. */
export function chosenOf<T extends string>(setting: Setting, values: readonly T[]): T | undefined {
  const value = read(setting);
  return values.find((each) => each === value);
}

/** A whole number between two; anything else counts as the default. */
export function numberOf(setting: Setting, { least, most, otherwise }: { least: number; most: number; otherwise: number }): number {
  const value = read(setting);
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most ? value : otherwise;
}

/** A text; anything else counts as none. */
export function textOf(setting: Setting): string {
  const value = read(setting);
  return typeof value === "string" ? value : "";
}
