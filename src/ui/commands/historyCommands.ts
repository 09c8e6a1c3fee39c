import { join } from "node:path";
import * as vscode from "vscode";
import { fileName } from "../../base/files/fileName.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { codeCommitOf } from "../runs/codeDiff.ts";
import { Command } from "../window/ids.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { withoutIcons, withoutLinks } from "../window/plainText.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { hasCommit, hasEnded } from "../runs/runPick.ts";
import { runsDirectory } from "../runs/runsModel.ts";
import { pruneCommand } from "./pruneCommand.ts";
import { fetchCommand, pushCommand } from "./shareCommands.ts";
import { trustedGitStore } from "../runs/trustedGitStore.ts";

type Ids =
  | typeof Command.reproduce
  | typeof Command.restoreFiles
  | typeof Command.branch
  | typeof Command.exportRun
  | typeof Command.push
  | typeof Command.fetch
  | typeof Command.prune;

const NAMED = 12;

/**
 * What can be had of a run's commit and adapter: its files, a branch, a second try, an export, and the same on another
 * machine.
 */
export function historyCommands(context: CommandContext): CommandHandlers<Ids> {
  return {
    [Command.reproduce]: (argument) => reproduce(argument, context),
    [Command.restoreFiles]: (argument) => restoreFiles(argument, context),
    [Command.branch]: (argument) => branch(argument, context),
    [Command.exportRun]: (argument) => exportRun(argument, context),
    [Command.push]: (argument, selected) => pushCommand(argument, selected, context),
    [Command.fetch]: () => fetchCommand(context),
    [Command.prune]: () => pruneCommand(context),
  };
}

async function reproduce(argument: unknown, { model, panels, pick, log, workerPath }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, (each) => hasEnded(each) && hasCommit(each));
  if (run === undefined) return;
  const made = await cancellableWait(vscode.l10n.t('Bringing back the files of "{0}"', run.record.name), (signal) =>
    host().reproduceRun({
      runPath: run.directory.path,
      runsDir: runsDirectory(run.folder),
      folder: run.folder.uri.fsPath,
      workerPath,
      nodePath: process.execPath,
      signal,
    }),
  );
  if (made === undefined) return;
  const { run: again, outside } = made;
  log.info(`reproduce ${run.id} as ${again.id}`);
  for (const path of outside) log.info(`not in the commit, taken as it is now: ${path}`);
  model.markStartedHere(again.id);
  model.refresh();
  const known = model.find(again.id);
  if (known !== undefined) panels.show(known);
}

/** Which files, then how they differ, then a backup and the change; Undo puts the backup back. */
async function restoreFiles(argument: unknown, { pick, diff }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasCommit);
  if (run === undefined) return;
  const commit = codeCommitOf(run);
  const restore = new (host().GitRestore)(await trustedGitStore(run.folder));
  const files = await cancellableWait(vscode.l10n.t('Comparing the files with those of "{0}"', run.record.name), () =>
    restore.differences(commit),
  );
  if (files === undefined) return;
  if (files.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('All files are as run "{0}" had them.', withoutLinks(run.record.name)),
    );
    return;
  }
  const items = files.map(({ path, status, instead }) => ({
    label: withoutIcons(path),
    path,
    description:
      instead !== undefined
        ? vscode.l10n.t("is gone; {0} stands in its place, and is taken away", instead)
        : status === "gone"
          ? vscode.l10n.t("is gone")
          : vscode.l10n.t("has changed"),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: vscode.l10n.t('Files as run "{0}" had them', run.record.name),
    placeHolder: vscode.l10n.t("Which files are restored? The next step shows how they differ."),
  });
  if (chosen === undefined || chosen.length === 0) return;
  const paths = chosen.map(({ path }) => path);
  const go = vscode.l10n.t("Restore {0} Files", paths.length);
  await diff.showWorkTree(run, commit, paths);
  const detail = [
    ...paths.slice(0, NAMED),
    ...(paths.length > NAMED ? [vscode.l10n.t("and {0} more", paths.length - NAMED)] : []),
    "",
    vscode.l10n.t("What is there now is kept as a commit under refs/adept/backup."),
  ].join("\n");
  if (
    (await vscode.window.showWarningMessage(
      vscode.l10n.t('Write these files as run "{0}" had them?', run.record.name),
      { modal: true, detail },
      go,
    )) !== go
  )
    return;
  const { backup, ref } = await restore.restore(commit, paths);
  const undo = vscode.l10n.t("Undo");
  if (
    (await vscode.window.showInformationMessage(
      vscode.l10n.t("{0} files are restored; a backup is in {1}.", paths.length, ref),
      undo,
    )) === undo
  )
    await restore.undo(backup);
}

async function branch(argument: unknown, { pick }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasCommit);
  if (run === undefined) return;
  const commit = run.record.resultCommit ?? codeCommitOf(run);
  const suggested = run.record.name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Branch from run "{0}"', run.record.name),
    value: suggested === "" ? run.id : suggested,
    prompt: vscode.l10n.t("A branch at the run's commit: its code and its result. Your own branch stays checked out."),
  });
  if (name === undefined || name.trim() === "") return;
  await host().makeBranch(await trustedGitStore(run.folder), name.trim(), commit);
  void vscode.window.showInformationMessage(vscode.l10n.t('Branch "{0}" is made.', name.trim()));
}

async function exportRun(argument: unknown, { pick, workerPath, log }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasEnded);
  if (run === undefined) return;
  const adapter = {
    label: vscode.l10n.t("Adapter"),
    detail: vscode.l10n.t("The trained tensors, as a PEFT folder where PEFT knows the method"),
    folded: false,
  };
  const folded = {
    label: vscode.l10n.t("Folded model"),
    detail: vscode.l10n.t("The backbone with the method in it, as a Hugging Face folder"),
    folded: true,
  };
  const form = await vscode.window.showQuickPick([adapter, folded], {
    placeHolder: vscode.l10n.t('What of "{0}" is exported?', run.record.name),
  });
  if (form === undefined) return;
  const parent = (
    await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: run.folder.uri,
      openLabel: vscode.l10n.t("Export Here"),
      title: vscode.l10n.t("Folder to put the export in"),
    })
  )?.[0];
  if (parent === undefined) return;
  const out = join(
    parent.fsPath,
    [fileName(run.record.name), run.id, form.folded ? "folded" : ""].filter((part) => part !== "").join("-"),
  );
  const place = { workerPath, nodePath: process.execPath, folder: run.folder.uri.fsPath };
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: vscode.l10n.t('Exporting "{0}"', run.record.name),
    },
    async (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        await host().exportInWorker(place, { runPath: run.directory.path, out, folded: form.folded }, abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
        return;
      }
      log.info(`exported ${run.id} to ${out}`);
      const show = vscode.l10n.t("Show Folder");
      void vscode.window.showInformationMessage(vscode.l10n.t("Exported to {0}.", out), show).then((answer) => {
        if (answer === show) void vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(out));
      });
    },
  );
}
