import * as vscode from "vscode";
import type { Setting } from "./ids.ts";

/** Characters of a wrong value that the warning shows. */
const LONGEST_SHOWN = 60;
/** Wrong values that the user was warned of: each once per window, however often the setting is read. */
const warned = new Map<Setting, Set<string>>();

const read = (setting: Setting, scope?: vscode.Uri): unknown =>
  vscode.workspace.getConfiguration(undefined, scope ?? null).get<unknown>(setting);

/** Returns the default, and warns the user of the wrong value. */
function fallBack<T>(setting: Setting, value: unknown, otherwise: T): T {
  const written = JSON.stringify(value) ?? "";
  const before = warned.get(setting) ?? new Set();
  if (value !== undefined && !before.has(written)) {
    warned.set(setting, before.add(written));
    void warn(setting, written.length > LONGEST_SHOWN ? `${written.slice(0, LONGEST_SHOWN)}…` : written);
  }
  return otherwise;
}

async function warn(setting: Setting, written: string): Promise<void> {
  const open = vscode.l10n.t("Open Settings");
  if (
    (await vscode.window.showWarningMessage(
      vscode.l10n.t("The setting {0} cannot be {1}: its default counts.", setting, written),
      open,
    )) === open
  )
    await vscode.commands.executeCommand("workbench.action.openSettings", setting);
}

/** Returns a boolean setting, or its default if it has another type. */
export function booleanSetting(setting: Setting, scope?: vscode.Uri, otherwise = true): boolean {
  const value = read(setting, scope);
  return typeof value === "boolean" ? value : fallBack(setting, value, otherwise);
}

/** Returns a setting that is one of several values, or undefined if it is another. */
export function choiceSetting<T extends string>(setting: Setting, values: readonly T[]): T | undefined {
  const value = read(setting);
  return values.find((each) => each === value) ?? fallBack(setting, value, undefined);
}

/** Returns a setting that is an integer from `least` to `most`, or its default if it is anything else. */
export function integerSetting(
  setting: Setting,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const value = read(setting);
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
    ? value
    : fallBack(setting, value, otherwise);
}

/** Returns a string setting, or "" if it has another type. */
export function textSetting(setting: Setting): string {
  const value = read(setting);
  return typeof value === "string" ? value : fallBack(setting, value, "");
}

/** Returns an object setting, or an empty one if it has another type. */
export function objectSetting(setting: Setting, scope?: vscode.Uri): object {
  const value = read(setting, scope);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : fallBack(setting, value, {});
}
