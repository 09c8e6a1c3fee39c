import * as vscode from "vscode";
import { codeCommitOf } from "../runs/codeDiff.ts";
import { hasCommit } from "../runs/runPick.ts";
import type { Run } from "../runs/runsModel.ts";
import { trustedGitStore } from "../runs/trustedGitStore.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { host } from "../window/host.ts";
import { withoutIcons, withoutLinks } from "../window/plainText.ts";
import type { CommandContext } from "./commandContext.ts";

/** Files that the confirmation lists by name. */
const MOST_NAMED = 12;

type Difference = Awaited<ReturnType<InstanceType<ReturnType<typeof host>["GitRestore"]>["differences"]>>[number];

/**
 * Restores files as a run's commit has them: the user chooses files, sees how they differ, and confirms. The files are
 * backed up before, and Undo restores the backup.
 */
export async function restoreFiles(argument: unknown, { pick, diff }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasCommit);
  if (run === undefined) return;
  const commit = codeCommitOf(run);
  const restore = new (host().GitRestore)(await trustedGitStore(run.folder), host().knownFiles(run.record));
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
  const paths = await chooseFiles(files, run);
  if (paths.length === 0) return;
  await diff.showWorkTree(run, commit, paths);
  if (!(await confirm(paths, run))) return;
  const { backup, ref } = await restore.restore(commit, paths);
  const undo = vscode.l10n.t("Undo");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("{0} files are restored; a backup is in {1}.", paths.length, ref),
    undo,
  );
  if (answer === undo) await restore.undo(backup);
}

function differenceText({ status, instead }: Difference): string {
  if (instead !== undefined) return vscode.l10n.t("is gone; {0} stands in its place, and is taken away", instead);
  return status === "gone" ? vscode.l10n.t("is gone") : vscode.l10n.t("has changed");
}

async function chooseFiles(files: readonly Difference[], { record }: Run): Promise<string[]> {
  const items = files.map((file) => ({
    label: withoutIcons(file.path),
    path: file.path,
    description: differenceText(file),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: vscode.l10n.t('Files as run "{0}" had them', record.name),
    placeHolder: vscode.l10n.t("Which files are restored? The next step shows how they differ."),
  });
  return (chosen ?? []).map(({ path }) => path);
}

async function confirm(paths: readonly string[], { record }: Run): Promise<boolean> {
  const go = vscode.l10n.t("Restore {0} Files", paths.length);
  const detail = [
    ...paths.slice(0, MOST_NAMED),
    ...(paths.length > MOST_NAMED ? [vscode.l10n.t("and {0} more", paths.length - MOST_NAMED)] : []),
    "",
    vscode.l10n.t("What is there now is kept as a commit under refs/adept/backup."),
  ].join("\n");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Write these files as run "{0}" had them?', record.name),
    { modal: true, detail },
    go,
  );
  return answer === go;
}
