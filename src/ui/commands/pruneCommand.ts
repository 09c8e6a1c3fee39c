import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import { bytesText } from "../../base/text/bytesText.ts";
import type { ExecutorPlace } from "../../executor/executor.ts";
import type { Prunable, PrunableKind } from "../../run/removal/prune.ts";
import type { CommandContext } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { runsDirectory } from "../runs/runsModel.ts";

/** Things of one kind that are listed by name. */
const MOST_NAMED = 3;

/** What can go; "submissions" are folders of a cluster's jobs. */
type Found = Omit<Prunable, "kind"> & { kind: PrunableKind | "submissions" };

function kindText(kind: Found["kind"]): string {
  const { t } = vscode.l10n;
  return {
    deleted: t("Runs deleted more than a week ago"),
    backups: t("Backups more than a month old, from before files were restored"),
    worktrees: t("Work trees that no training uses"),
    files: t("Stored files that no run uses"),
    checkpoints: t("Checkpoints of finished runs"),
    submissions: t("Folders of cluster jobs more than a week old, which no run needs"),
  }[kind];
}

function itemOf(kind: Found["kind"], found: readonly Found[]): vscode.QuickPickItem & { found: readonly Found[] } {
  const bytes = found.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  const more = found.length - MOST_NAMED;
  return {
    label: kindText(kind),
    description: `${found.length}${bytes > 0 ? `, ${bytesText(bytes)}` : ""}`,
    detail: `${found
      .slice(0, MOST_NAMED)
      .map(({ what }) => what)
      .join(", ")}${more > 0 ? ` ${vscode.l10n.t("and {0} more", more)}` : ""}`,
    // Checkpoints belong to runs that still exist; the other kinds belong to nothing any more.
    picked: kind !== "checkpoints",
    found,
  };
}

/** Folders of a cluster's jobs that nothing needs any more; a window without such jobs loads nothing for them. */
function submissions(place: ExecutorPlace): Found[] {
  if (!existsSync(join(dirname(place.runsDir), "slurm"))) return [];
  return host()
    .slurmExecutor(place)
    .oldSubmissions()
    .map(({ path, bytes, remove }) => ({ kind: "submissions", what: basename(path), bytes, remove }));
}

/** Shows what a folder's runs no longer need, and removes what the user chooses. */
export async function pruneRuns({ folders, model, log, workerPath }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const all = folders.all();
  const folder = all.length > 1 ? await vscode.window.showWorkspaceFolderPick() : all[0];
  if (folder === undefined) return;
  const opened = await host().openGitStore(folder.uri.fsPath);
  const store = "reason" in opened ? undefined : opened;
  const { PRUNABLE_KINDS, findPrunable } = host();
  const runsDir = runsDirectory(folder);
  const place = { runsDir, workerPath, nodePath: process.execPath, folder: folder.uri.fsPath };
  const found = await cancellableWait(
    vscode.l10n.t("Looking at what is no longer needed…"),
    async (): Promise<Found[]> => [
      ...(await findPrunable({ store, runsDir, now: Date.now() }, PRUNABLE_KINDS)),
      ...submissions(place),
    ],
  );
  if (found === undefined) return;
  const items = ([...PRUNABLE_KINDS, "submissions"] as const).flatMap((kind) => {
    const own = found.filter((each) => each.kind === kind);
    return own.length === 0 ? [] : [itemOf(kind, own)];
  });
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is nothing to prune."));
    return;
  }
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: vscode.l10n.t("Prune"),
    placeHolder: vscode.l10n.t("What you choose is deleted permanently"),
  });
  if (chosen === undefined || chosen.length === 0) return;
  const going = chosen.flatMap((item) => item.found);
  for (const { kind, what, remove } of going) {
    log.info(`prune ${kind} ${what}`);
    await remove();
  }
  model.refresh();
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      "Removed {0}: {1}.",
      going.length,
      bytesText(going.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)),
    ),
  );
}
