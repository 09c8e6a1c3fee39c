import * as vscode from "vscode";
import { isLive } from "../../record/record.ts";
import { isClusters, isOnCluster } from "../runs/clusterRuns.ts";
import { runsDirectory } from "../runs/runsModel.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { host } from "../window/host.ts";
import { Command, ContextKey } from "../window/ids.ts";
import { withoutLinks } from "../window/plainText.ts";
import { annotationCommits } from "./annotateCommands.ts";
import { stopOnCluster } from "./clusterCommands.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";

/** Key of the workspace state under which the last deletion is kept, to be undone. */
const DELETED = "adept.deleted";

/** Runs that were deleted in one folder. */
interface Deleted {
  folder: string;
  ids: string[];
}

/** Commands that delete runs and undo that. */
export function deleteCommands(
  context: CommandContext,
): CommandHandlers<typeof Command.delete | typeof Command.undoDelete> {
  void setCanUndo(context);
  return {
    [Command.delete]: (argument, selected) => deleteRuns(argument, selected, context),
    [Command.undoDelete]: () => undo(context),
  };
}

/** Deletes without asking, because for a week it can be undone, from the message or the list. */
async function deleteRuns(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await context.pick.several(argument, selected);
  const [first] = runs;
  const { model, state, log } = context;
  if (first === undefined) return;
  const live = runs.filter(({ record }) => isLive(record.status));
  if (live.length > 0) {
    const stop = vscode.l10n.t("Stop and Delete");
    if (
      (await vscode.window.showWarningMessage(
        vscode.l10n.t("{0} of these runs are at work.", live.length),
        { modal: true },
        stop,
      )) !== stop
    )
      return;
    for (const run of live.filter((each) => !isClusters(each))) await host().stopRun(run.directory);
  }
  // Of a cluster also what waits: its job would begin a run that is not there.
  await stopOnCluster(runs.filter(isOnCluster), context);
  await annotationCommits();
  const deleted: Deleted[] = [];
  for (const folder of new Set(runs.map((run) => run.folder))) {
    const ids = runs.filter((run) => run.folder === folder).map(({ id }) => id);
    log.info(`delete ${ids.join(" ")}`);
    await host().deleteRuns(runsDirectory(folder), ids, folder.uri.fsPath);
    deleted.push({ folder: folder.uri.toString(), ids });
  }
  await state.update(DELETED, deleted);
  await setCanUndo(context);
  model.refresh();
  const back = vscode.l10n.t("Undo");
  if (
    (await vscode.window.showInformationMessage(
      runs.length === 1
        ? vscode.l10n.t('Deleted "{0}".', withoutLinks(first.record.name))
        : vscode.l10n.t("Deleted {0} runs.", runs.length),
      back,
    )) === back
  )
    await undo(context);
}

const lastDeleted = ({ state }: CommandContext): Deleted[] => state.get<Deleted[]>(DELETED) ?? [];
const setCanUndo = (context: CommandContext): Thenable<unknown> =>
  vscode.commands.executeCommand("setContext", ContextKey.canUndoDelete, lastDeleted(context).length > 0);

async function undo(context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const deleted = lastDeleted(context);
  await context.state.update(DELETED, undefined);
  await setCanUndo(context);
  for (const { folder: uri, ids } of deleted) {
    const folder = context.model.folders.all().find((each) => each.uri.toString() === uri);
    if (folder !== undefined) await host().restoreRuns(runsDirectory(folder), ids, folder.uri.fsPath);
  }
  context.model.refresh();
}
