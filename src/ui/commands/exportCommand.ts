import { join } from "node:path";
import * as vscode from "vscode";
import { fileName } from "../../base/files/fileName.ts";
import { hasEnded } from "../runs/runPick.ts";
import type { Run } from "../runs/runsModel.ts";
import { cancellableProgress } from "../window/cancellableProgress.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { host } from "../window/host.ts";
import type { CommandContext } from "./commandContext.ts";

/** Exports a run's adapter, or its backbone with the method folded into it, to a folder that the user chooses. */
export async function exportRun(argument: unknown, { pick, workerPath, log }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasEnded);
  if (run === undefined) return;
  const folded = await chooseFolded(run);
  if (folded === undefined) return;
  const parent = await chooseFolder(run);
  if (parent === undefined) return;
  const name = [fileName(run.record.name), run.id, folded ? "folded" : ""].filter((part) => part !== "").join("-");
  const out = join(parent.fsPath, name);
  const place = { workerPath, nodePath: process.execPath, folder: run.folder.uri.fsPath };
  await cancellableProgress(vscode.l10n.t('Exporting "{0}"', run.record.name), async (signal) => {
    await host().exportInWorker(place, { runPath: run.directory.path, out, folded }, signal);
    log.info(`exported ${run.id} to ${out}`);
    const show = vscode.l10n.t("Show Folder");
    void vscode.window.showInformationMessage(vscode.l10n.t("Exported to {0}.", out), show).then((answer) => {
      if (answer === show) void vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(out));
    });
  });
}

/** Asks whether the adapter or the folded model is exported. */
async function chooseFolded({ record }: Run): Promise<boolean | undefined> {
  const adapter = {
    label: vscode.l10n.t("Adapter"),
    detail: vscode.l10n.t("The trained tensors, as a PEFT folder where PEFT knows the method"),
    folded: false,
  };
  const model = {
    label: vscode.l10n.t("Folded model"),
    detail: vscode.l10n.t("The backbone with the method in it, as a Hugging Face folder"),
    folded: true,
  };
  const chosen = await vscode.window.showQuickPick([adapter, model], {
    placeHolder: vscode.l10n.t('What of "{0}" is exported?', record.name),
  });
  return chosen?.folded;
}

async function chooseFolder({ folder }: Run): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: folder.uri,
    openLabel: vscode.l10n.t("Export Here"),
    title: vscode.l10n.t("Folder to put the export in"),
  });
  return chosen?.[0];
}
