import * as vscode from "vscode";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { codeCommitOf } from "../runs/codeDiff.ts";
import { Command } from "../window/ids.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { hasCommit, hasEnded } from "../runs/runPick.ts";
import { runsDirectory } from "../runs/runsModel.ts";
import { exportRun } from "./exportCommand.ts";
import { pruneRuns } from "./pruneCommand.ts";
import { restoreFiles } from "./restoreCommand.ts";
import { fetchRuns, pushRuns } from "./shareCommands.ts";
import { trustedGitStore } from "../runs/trustedGitStore.ts";
import { askText } from "../window/askText.ts";

type Ids =
  | typeof Command.reproduce
  | typeof Command.restoreFiles
  | typeof Command.branch
  | typeof Command.exportRun
  | typeof Command.push
  | typeof Command.fetch
  | typeof Command.prune;

/**
 * Commands that work with a run's commit and adapter: reproduce the run, restore its files, make a branch, export, push
 * and fetch runs, and prune.
 */
export function historyCommands(context: CommandContext): CommandHandlers<Ids> {
  return {
    [Command.reproduce]: (argument) => reproduce(argument, context),
    [Command.restoreFiles]: (argument) => restoreFiles(argument, context),
    [Command.branch]: (argument) => branch(argument, context),
    [Command.exportRun]: (argument) => exportRun(argument, context),
    [Command.push]: (argument, selected) => pushRuns(argument, selected, context),
    [Command.fetch]: () => fetchRuns(context),
    [Command.prune]: () => pruneRuns(context),
  };
}

/** Trains a run again from its commit, as a new run. */
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

/** Makes a git branch at a run's commit. */
async function branch(argument: unknown, { pick }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, hasCommit);
  if (run === undefined) return;
  const commit = run.record.resultCommit ?? codeCommitOf(run);
  const suggested = run.record.name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
  const name = await askText({
    title: vscode.l10n.t('Branch from run "{0}"', run.record.name),
    value: suggested === "" ? run.id : suggested,
    prompt: vscode.l10n.t("A branch at the run's commit: its code and its result. Your own branch stays checked out."),
  });
  if (name === undefined || name.trim() === "") return;
  await host().makeBranch(await trustedGitStore(run.folder), name.trim(), commit);
  void vscode.window.showInformationMessage(vscode.l10n.t('Branch "{0}" is made.', name.trim()));
}
