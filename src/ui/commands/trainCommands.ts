import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { isOpen } from "../../record/record.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { Command, Setting, View } from "../window/ids.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { isClusters, isOnCluster, placeIn } from "../runs/clusterRuns.ts";
import type { Run } from "../runs/runsModel.ts";
import { localisedError } from "../window/localised.ts";
import { withoutLinks } from "../window/plainText.ts";
import { booleanSetting, objectSetting } from "../window/settings.ts";

/** Commands that start, stop and resume trainings, and make experiments. */
export function trainCommands(
  context: CommandContext,
): CommandHandlers<typeof Command.train | typeof Command.stop | typeof Command.resume | typeof Command.newExperiment> {
  return {
    [Command.train]: (argument) => train(argument, context),
    [Command.stop]: (argument) => stop(argument, context),
    [Command.resume]: (argument) => resume(argument, context),
    [Command.newExperiment]: async (argument) => {
      if (await ensureTrusted()) await context.setups.start(argument instanceof vscode.Uri ? argument : undefined);
    },
  };
}

/** Starts a training, or queues the runs of a sweep. */
async function train(argument: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const { model, panels, folders, log, workerPath } = context;
  const file = argument instanceof vscode.Uri ? argument : await chooseExperiment(context);
  if (file === undefined) return;
  await save(file);
  // In a window without a workspace, an experiment is trained in its own folder.
  if (folders.of(file) === undefined) await folders.use(vscode.Uri.joinPath(file, ".."));
  const folder = folders.of(file);
  if (folder === undefined)
    throw new UserError(
      "experiment-outside-folder",
      phrase`${file.fsPath} is outside the open folder.`,
      phrase`Open the folder that holds it.`,
    );
  log.info(`train ${file.fsPath}`);
  const { runs, queued, placed } = await vscode.window.withProgress(
    { location: { viewId: "adept.runs" } },
    async () => {
      await requireTrainable(file.fsPath, context);
      return host().submitExperiment(file.fsPath, {
        ...placeIn(folder, workerPath),
        git: booleanSetting(Setting.commitRuns, folder.uri),
        trackers: objectSetting(Setting.liveTrackers, folder.uri),
        folder: folder.uri.fsPath,
      });
    },
  );
  for (const { id } of runs) {
    log.info(`run ${id}${queued ? ", queued" : ""}`);
    model.markStartedHere(id);
  }
  void placed.then(({ left, why }) => {
    if (left > 0) log.warn(`${left} runs are not submitted yet: ${why?.message ?? ""}`);
    if (left > 0 && why !== undefined)
      void vscode.window.showWarningMessage(
        withoutLinks(vscode.l10n.t("{0} runs are not submitted yet: {1}", left, localisedError(why))),
      );
    model.refresh();
  });
  model.refresh();
  const first = model.find(runs[0]?.id ?? "");
  if (first !== undefined) panels.show(first);
  if (runs.length > 1)
    void vscode.window.showInformationMessage(
      first !== undefined && isClusters(first)
        ? vscode.l10n.t("{0} runs are the cluster's; they train there, also when this window closes.", runs.length)
        : vscode.l10n.t(
            "{0} runs are queued; they train one after the other, also when this window closes.",
            runs.length,
          ),
    );
}

/**
 * Checks the experiment's runs before any is queued. A check that cannot be made, since its process ends, keeps nothing
 * from being trained.
 * @throws UserError naming what would fail
 */
async function requireTrainable(path: string, { tokens, log }: CommandContext): Promise<void> {
  try {
    await tokens.get().requireTrainable(path);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "token-worker-lost") throw error;
    log.warn(`not checked: ${error.message}`);
  }
}

/** What has a run trained: this machine, or the cluster that it is of. */
const executorOf = (run: Run, workerPath: string): ReturnType<ReturnType<typeof host>["executorOfRun"]> =>
  host().executorOfRun(run.directory, placeIn(run.folder, workerPath));

async function stop(argument: unknown, { model, pick, log, workerPath }: CommandContext): Promise<void> {
  const run = await pick.one(argument, (each) => isOpen(each.record.status) || isOnCluster(each));
  if (run === undefined) return;
  log.info(`stop ${run.id}`);
  // A worker ends its step first, and one on a node may be minutes from reading that it is to stop.
  await vscode.window.withProgress({ location: { viewId: View.runs } }, () =>
    executorOf(run, workerPath).stop([run.directory]),
  );
  model.refresh();
}

async function resume(argument: unknown, { model, panels, pick, log, workerPath }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, (each) => !isOpen(each.record.status) && each.record.status !== "finished");
  if (run === undefined) return;
  const child = executorOf(run, workerPath).resume(run.directory, run.record.start);
  log.info(`resume ${run.id}: ${child === undefined ? "queued" : `worker ${child.pid}`}`);
  model.markStartedHere(run.id);
  model.refresh();
  panels.show(run);
}

/** Saves an experiment that is open with unsaved changes, so that what is trained is what the editor shows. */
async function save(file: vscode.Uri): Promise<void> {
  const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  if (document?.isDirty === true && !(await document.save()))
    throw new UserError("experiment-not-saved", phrase`${file.fsPath} could not be saved.`);
}

/** Returns the experiment in the active editor, else the user's choice. If there is none, opens the page for one. */
async function chooseExperiment({ setups }: CommandContext): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  if (active?.uri.scheme === "file" && active.fileName.endsWith(".adept.json")) return active.uri;
  const found = await vscode.workspace.findFiles("**/*.adept.json", "**/{node_modules,.adept}/**", 200);
  if (found.length === 0) {
    await setups.start();
    return undefined;
  }
  const items: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = found
    .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
    .sort((a, b) => a.label.localeCompare(b.label));
  const picked = await vscode.window.showQuickPick(
    [...items, { label: `$(add) ${vscode.l10n.t("New experiment…")}` }],
    { placeHolder: vscode.l10n.t("Choose an experiment to train") },
  );
  if (picked === undefined) return undefined;
  if (picked.uri === undefined) {
    await setups.start();
    return undefined;
  }
  return picked.uri;
}
