import * as vscode from "vscode";
import type { Setting } from "./ids.ts";

const LONGEST_SHOWN = 60;
/** What was warned of: each wrong value of a setting once in a window, however often it is read. */
const warned = new Map<Setting, Set<string>>();

const read = (setting: Setting, scope?: vscode.Uri): unknown =>
  vscode.workspace.getConfiguration(undefined, scope ?? null).get<unknown>(setting);

/** The default, and a word of it. */
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

/** A boolean setting; anything else written there counts as its default. */
export function booleanSetting(setting: Setting, scope?: vscode.Uri, otherwise = true): boolean {
  const value = read(setting, scope);
  return typeof value === "boolean" ? value : fallBack(setting, value, otherwise);
}

/** One of several values; undefined where something else is written there. */
export function choiceSetting<T extends string>(setting: Setting, values: readonly T[]): T | undefined {
  const value = read(setting);
  return values.find((each) => each === value) ?? fallBack(setting, value, undefined);
}

/** A whole number between two; anything else counts as the default. */
export function integerSetting(
  setting: Setting,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const value = read(setting);
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
    ? value
    : fallBack(setting, value, otherwise);
}

/** A text; anything else counts as none. */
export function textSetting(setting: Setting): string {
  const value = read(setting);
  return typeof value === "string" ? value : fallBack(setting, value, "");
}
