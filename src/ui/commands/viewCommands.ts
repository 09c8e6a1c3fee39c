import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { AnalysisName } from "../../experiment/analysisNames.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { isOpen } from "../../record/record.ts";
import { isAnalysisName } from "../page/analysisFeed.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { analysisTitles } from "../../protocol/analysisLabels.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import { isUnreadable } from "../runs/explorerNode.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { isClusters } from "../runs/clusterRuns.ts";
import type { Run } from "../runs/runsModel.ts";

type Ids =
  | typeof Command.openPanel
  | typeof Command.openRow
  | typeof Command.refresh
  | typeof Command.showLog
  | typeof Command.openRunFolder
  | typeof Command.copyRunId
  | typeof Command.analyse
  | typeof Command.compare
  | typeof Command.compareCode;

/** Commands that show runs: results, files, analyses and comparisons. */
export function viewCommands(context: CommandContext): CommandHandlers<Ids> {
  const { model, panels, pick, explorer } = context;
  return {
    [Command.openPanel]: async (argument) => {
      const run = await pick.one(argument);
      if (run !== undefined) panels.show(run);
    },
    // The focus stays in the list, so that the arrow keys, F2 and Delete go on working there.
    [Command.openRow]: async () => {
      const run = model.find((await explorer.clicked()) ?? "");
      if (run !== undefined) panels.show(run, { preserveFocus: true });
    },
    [Command.refresh]: () => {
      model.adopt();
    },
    [Command.showLog]: (argument) => showLog(argument, context),
    [Command.openRunFolder]: async (argument) => {
      const path = isUnreadable(argument) ? argument.path : (await pick.one(argument))?.directory.path;
      if (path !== undefined) await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(path));
    },
    [Command.copyRunId]: async (argument, selected) => {
      const runs = await pick.several(argument, selected);
      if (runs.length > 0) await vscode.env.clipboard.writeText(runs.map(({ id }) => id).join("\n"));
    },
    [Command.analyse]: (argument, name) => analyse(argument, name, context),
    [Command.compare]: (argument, selected) => compare(argument, selected, context),
    [Command.compareCode]: async (argument, selected) => {
      if (!(await ensureTrusted())) return;
      const [from, to] = (await pick.several(argument, selected)).sort((a, b) => (a.id < b.id ? -1 : 1));
      if (from === undefined) return;
      if (to === undefined)
        throw new UserError(
          "code-comparison-needs-two",
          phrase`Code is compared between two runs.`,
          phrase`Select two in the list.`,
        );
      await context.diff.show(from, to);
    },
  };
}

/** Opens the log file of a run, or what a cluster's run and its jobs have written; else the log of the extension. */
async function showLog(argument: unknown, context: CommandContext): Promise<void> {
  const run = await loggedRun(argument, context);
  if (run !== undefined && isClusters(run)) {
    await context.logs.show(run);
    return;
  }
  const file = run && join(run.directory.path, "log.txt");
  if (file !== undefined && existsSync(file))
    await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true });
  else context.log.show();
}

async function loggedRun(argument: unknown, { model, pick }: CommandContext): Promise<Run | undefined> {
  if (argument === undefined || isUnreadable(argument)) return undefined;
  return typeof argument === "string" ? model.find(argument) : pick.one(argument);
}

/**
 * Starts an analysis in its own worker process.
 * @returns whether it was started
 */
async function analyse(
  argument: unknown,
  named: unknown,
  { model, panels, pick, log, workerPath }: CommandContext,
): Promise<boolean> {
  if (!(await ensureTrusted())) return false;
  const run = await pick.one(argument, (each) => !isOpen(each.record.status) && each.record.status !== "failed");
  if (run === undefined) return false;
  const own = host().analysesOf(run.record.method);
  const name = typeof named === "string" && isAnalysisName(named) ? named : await chooseAnalysis(own, run);
  if (name === undefined) return false;
  if (run.directory.isBeingAnalysed())
    throw new UserError(
      "shown-run-being-analysed",
      phrase`Run "${run.record.name}" is being analysed already.`,
      phrase`Wait for it, or cancel it.`,
    );
  const child = host().startAnalysis({
    runPath: run.directory.path,
    names: [name],
    workerPath,
    nodePath: process.execPath,
    folder: run.folder.uri.fsPath,
  });
  log.info(`analyse ${run.id} ${name}: worker ${child.pid}`);
  child.once("exit", (code) => {
    log.info(`analyse ${run.id} ${name}: ended with ${code}`);
    model.refresh();
  });
  if (typeof named !== "string") panels.show(run, { tab: tabOf(name) });
  return true;
}

/** Returns the tab of the results page that shows an analysis. */
const tabOf = (name: AnalysisName) =>
  (
    ({
      ablation: "ablation",
      specificity: "ablation",
      offsets: "offsets",
      "position-shift": "shift",
      latency: "latency",
      stability: "training",
    }) as const
  )[name];

async function chooseAnalysis(names: readonly AnalysisName[], { record }: Run): Promise<AnalysisName | undefined> {
  if (names.length === 0)
    throw new UserError("nothing-to-analyse", phrase`There is nothing to analyse in "${record.method}".`);
  const items = names.map((name) => ({
    label: analysisTitles(vscode.l10n.t)[name],
    description: record.analyses[name]?.status === "finished" ? vscode.l10n.t("made before") : "",
    name,
  }));
  return (
    await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which analysis of "{0}"?', record.name) })
  )?.name;
}

async function compare(argument: unknown, selected: unknown, { panels, pick }: CommandContext): Promise<void> {
  const runs = (await pick.several(argument, selected)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const [first] = runs;
  if (first !== undefined) panels.show(first, { tab: "compare", ids: runs.map(({ id }) => id) });
}
