import { basename, extname } from "node:path";
import * as vscode from "vscode";
import { DRAFT_LIMITS } from "../../experiment/draftLimits.ts";
import type { ExperimentDraft } from "../../experiment/draftSchema.ts";
import type { Folders } from "../window/folders.ts";
import { Setting } from "../window/ids.ts";
import { integerSetting } from "../window/settings.ts";

const DATA = [".jsonl", ".ndjson", ".csv", ".tsv", ".json", ".parquet"];
const DEFAULT_BUDGET = 12_800;

export type ChosenData = Pick<ExperimentDraft, "name" | "task" | "budget"> &
  Partial<Pick<ExperimentDraft, "steps" | "maxSourceLength">>;

/**
 * Asks for the data: the sample, the active data file, or another file. Undefined when the user cancels.
 */
export async function chooseData(folders: Folders): Promise<ChosenData | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const mail = { label: vscode.l10n.t("Sample: spam or ham mail"), description: vscode.l10n.t("comes with ADePT Lab") };
  const other: vscode.QuickPickItem = {
    label: vscode.l10n.t("A data file…"),
    description: vscode.l10n.t("JSONL, CSV, TSV or Parquet"),
  };
  const current: (vscode.QuickPickItem & { uri?: vscode.Uri })[] =
    active?.scheme === "file" && isData(active.fsPath)
      ? [{ label: basename(active.fsPath), description: vscode.l10n.t("the active file"), uri: active }]
      : [];
  const items: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = [...current, mail, other];
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("New ADePT experiment"),
    placeHolder: vscode.l10n.t("What data is it trained on?"),
  });
  if (picked === undefined) return undefined;
  if (picked === mail)
    return { name: "mail", task: { kind: "mail" }, budget: startingBudget(), steps: 1000, maxSourceLength: 96 };
  const file =
    picked.uri ??
    (
      await vscode.window.showOpenDialog({
        ...(folders.all()[0] && { defaultUri: folders.all()[0]!.uri }),
        filters: { [vscode.l10n.t("Data")]: DATA.map((each) => each.slice(1)) },
      })
    )?.[0];
  return file && ownData(file);
}

const startingBudget = (): number =>
  integerSetting(Setting.budget, { least: 1, most: 1_000_000_000, otherwise: DEFAULT_BUDGET });

/** The draft for a data file of the user. The roles of its columns are suggested once the file is read. */
export const ownData = (file: vscode.Uri): ChosenData => ({
  name: shortened(basename(file.fsPath, extname(file.fsPath))),
  task: { kind: "file", train: file.fsPath, source: "", target: "" },
  budget: startingBudget(),
});

/** Cuts a name to the limit of a draft's name, not inside a surrogate pair. */
const shortened = (name: string): string => name.slice(0, DRAFT_LIMITS.name).replace(/[\uD800-\uDBFF]$/, "");

function isData(file: string): boolean {
  return DATA.includes(extname(file).toLowerCase()) && !file.toLowerCase().endsWith(".adept.json");
}
