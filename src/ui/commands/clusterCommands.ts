import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { SlurmExecutor } from "../../executor/slurm/slurmExecutor.ts";
import { concurrentOf, MOST_CONCURRENT } from "../../experiment/concurrent.ts";
import { isOnCluster, placeIn, waitsForCluster } from "../runs/clusterRuns.ts";
import type { Run } from "../runs/runsModel.ts";
import { askText } from "../window/askText.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import { withoutIcons } from "../window/plainText.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";

type Ids =
  | typeof Command.takeOut
  | typeof Command.cancelClusterRuns
  | typeof Command.limitClusterRuns
  | typeof Command.refreshLog;

/** Commands on runs that wait for a cluster or are at work on it, and on their logs. */
export function clusterCommands(context: CommandContext): CommandHandlers<Ids> {
  return {
    [Command.takeOut]: (argument, selected) => takeOut(argument, selected, context),
    [Command.cancelClusterRuns]: (argument, selected) => cancel(argument, selected, context),
    [Command.limitClusterRuns]: (argument, selected) => limit(argument, selected, context),
    [Command.refreshLog]: (argument) => {
      const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
      if (uri !== undefined) context.logs.refresh(uri);
    },
  };
}

const noneThere = (): UserError =>
  new UserError(
    "no-cluster-run",
    phrase`None of these runs waits for the cluster or is at work on it.`,
    phrase`Refresh the list of runs: they may have ended.`,
  );

/** The runs of each folder with its executor, one folder after the other. */
async function inEachFolder(
  runs: readonly Run[],
  workerPath: string,
  work: (executor: SlurmExecutor, directories: Run["directory"][]) => Promise<unknown>,
): Promise<void> {
  for (const folder of new Set(runs.map((run) => run.folder))) {
    const own = runs.filter((run) => run.folder === folder).map(({ directory }) => directory);
    await work(host().slurmExecutor(placeIn(folder, workerPath)), own);
  }
}

const shown = <T>(title: string, work: () => Promise<T>): Thenable<T> =>
  vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work);

/** Has runs of clusters taken out of the queue or stopped, as the command line does it. */
export async function stopOnCluster(runs: readonly Run[], { model, log, workerPath }: CommandContext): Promise<void> {
  if (runs.length === 0) return;
  log.info(`cancel ${runs.map(({ id }) => id).join(" ")}`);
  try {
    await inEachFolder(runs, workerPath, (executor, own) => executor.stop(own));
  } finally {
    model.refresh();
  }
}

/** Takes the runs of rows that wait out of the cluster's queue. */
async function takeOut(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await context.pick.several(argument, selected, waitsForCluster);
  if (runs.length === 0) throw noneThere();
  await shown(vscode.l10n.t("Taking {0} runs out of Slurm's queue…", runs.length), () => stopOnCluster(runs, context));
}

/** An experiment with runs on the cluster, as the user chooses it. */
interface Choice extends vscode.QuickPickItem {
  runs: Run[];
}

/** Who waits and who is at work of some runs, in words. */
function countText(runs: readonly Run[]): string {
  const waiting = runs.filter(waitsForCluster).length;
  return vscode.l10n.t("{0} wait, {1} at work", waiting, runs.length - waiting);
}

/**
 * The cluster's runs that a command is meant for: those of the rows that it was called on; from the palette all of
 * them, or those of one experiment where there are several.
 * @throws UserError if there are none
 */
async function meantRuns(argument: unknown, selected: unknown, context: CommandContext): Promise<Run[] | undefined> {
  const { model, pick } = context;
  model.refresh();
  const named = pick.named(argument, selected);
  const runs = (named ?? model.runs()).filter(isOnCluster);
  if (runs.length === 0) throw noneThere();
  const sweeps = new Map<string, Run[]>();
  for (const run of runs) {
    const key = run.record.sweep ?? run.id;
    sweeps.set(key, [...(sweeps.get(key) ?? []), run]);
  }
  if (named !== undefined || sweeps.size === 1) return runs;
  const items: Choice[] = [
    { label: vscode.l10n.t("All of the cluster's runs"), description: countText(runs), runs },
    ...[...sweeps.values()].map((own) => ({
      label: withoutIcons(own[0]!.record.experiment ?? own[0]!.record.name),
      description: countText(own),
      runs: own,
    })),
  ];
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Which of the cluster's runs?") }))
    ?.runs;
}

/** Asks which of the runs are to end, and ends them. */
async function cancel(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await meantRuns(argument, selected, context);
  if (runs === undefined) return;
  const waiting = runs.filter(waitsForCluster).length;
  const takeThemOut = vscode.l10n.t("Take Out Those That Wait");
  const endAll = vscode.l10n.t("End All");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("{0} runs wait for the cluster, {1} are at work on it.", waiting, runs.length - waiting),
    {
      modal: true,
      detail: vscode.l10n.t(
        "What waits is taken out of Slurm's queue. What is at work stops at its next step and keeps what it has trained.",
      ),
    },
    ...(waiting > 0 ? [takeThemOut] : []),
    ...(waiting < runs.length ? [endAll] : []),
  );
  if (answer === undefined) return;
  // While the question was shown, runs have started and ended.
  context.model.refresh();
  const going = runs.filter(answer === endAll ? isOnCluster : waitsForCluster);
  if (going.length === 0) throw noneThere();
  await shown(vscode.l10n.t("Ending {0} runs on the cluster…", going.length), () => stopOnCluster(going, context));
  void vscode.window.showInformationMessage(vscode.l10n.t("{0} runs of the cluster are cancelled.", going.length));
}

/** A limit in words. */
const limitText = (concurrent: number): string =>
  concurrent === 0 ? vscode.l10n.t("as many as the cluster allows") : String(concurrent);

/** Asks how many runs are at work at once, and has Slurm keep to it. */
async function limit(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await meantRuns(argument, selected, context);
  if (runs === undefined) return;
  const { log, workerPath, model } = context;
  const limits = new Set<number>();
  await inEachFolder(runs, workerPath, (executor, own) => {
    for (const each of executor.limits(own)) limits.add(each);
    return Promise.resolve();
  });
  const now = [...limits].map(limitText).join(", ");
  const answer = await askText({
    title: vscode.l10n.t("Cluster Runs at Once"),
    prompt: vscode.l10n.t(
      "How many of these {0} runs are at work at once? 0: as many as the cluster allows. Now: {1}",
      runs.length,
      now,
    ),
    value: limits.size === 1 ? String([...limits][0]) : "",
    validateInput: (text) =>
      concurrentOf(text) === undefined ? vscode.l10n.t("A whole number from 0 to {0}", MOST_CONCURRENT) : undefined,
  });
  const concurrent = answer === undefined ? undefined : concurrentOf(answer);
  if (concurrent === undefined) return;
  model.refresh();
  const going = runs.filter(isOnCluster);
  if (going.length === 0) throw noneThere();
  log.info(`limit ${concurrent} of ${going.map(({ id }) => id).join(" ")}`);
  await shown(vscode.l10n.t("Telling Slurm the new limit…"), () =>
    inEachFolder(going, workerPath, (executor, own) => executor.limit(own, concurrent)),
  );
  void vscode.window.showInformationMessage(limitedText(concurrent, going));
}

/** What is said once Slurm has the limit. What is at work goes on, also where it is more. */
function limitedText(concurrent: number, runs: readonly Run[]): string {
  const working = runs.filter((run) => !waitsForCluster(run)).length;
  if (concurrent === 0) return vscode.l10n.t("As many runs are at work at once as the cluster allows.");
  return working > concurrent
    ? vscode.l10n.t("At most {0} runs start at once; {1} are at work now and go on.", concurrent, working)
    : vscode.l10n.t("At most {0} runs are at work at once.", concurrent);
}
