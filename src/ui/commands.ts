import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../experiment/errors.ts";
import { explain } from "../experiment/explain.ts";
import { isOpen } from "../experiment/record.ts";
import { describe } from "./describe.ts";
import { Store } from "./disposable.ts";
import { host } from "./host.ts";
import { Command, Setting } from "./ids.ts";
import { createExperiment } from "./newExperiment.ts";
import type { Panels } from "./panel.ts";
import { runsDirectory, type Run, type RunsModel } from "./runsModel.ts";
import { isEnabled } from "./settings.ts";

interface Context { readonly model: RunsModel; readonly panels: Panels; readonly log: vscode.LogOutputChannel; readonly workerPath: string }

/** Every contributed command; errors the user can act on are shown, the rest are logged as bugs. */
export class Commands extends Store {
  constructor(private readonly context: Context) {
    super();
    const handlers: Record<Command, (argument: unknown) => unknown> = {
      [Command.train]: (argument) => this.train(argument),
      [Command.stop]: (argument) => this.stop(argument),
      [Command.resume]: (argument) => this.resume(argument),
      [Command.openPanel]: async (argument) => { const run = await this.pick(argument); if (run !== undefined) context.panels.show(run); },
      [Command.refresh]: () => { context.model.adopt(); },
      [Command.showLog]: (argument) => this.showLog(argument),
      [Command.newExperiment]: async () => { if (await isReady()) await createExperiment(); },
      [Command.openRunFolder]: async (argument) => { const run = await this.pick(argument); if (run !== undefined) await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(run.directory.path)); },
      [Command.copyRunId]: async (argument) => { const run = await this.pick(argument); if (run !== undefined) await vscode.env.clipboard.writeText(run.id); },
    };
    for (const id of Object.values(Command)) {
      this.register(vscode.commands.registerCommand(id, async (argument: unknown) => {
        try { await handlers[id](argument); } catch (error) { await this.report(error); }
      }));
    }
  }

  private async train(argument: unknown): Promise<void> {
    if (!await isReady()) return;
    const file = argument instanceof vscode.Uri ? argument : await chooseExperiment();
    const folder = file && vscode.workspace.getWorkspaceFolder(file);
    if (file === undefined) return;
    if (folder === undefined) throw new UserError(vscode.l10n.t("{0} is outside the open folder.", file.fsPath), vscode.l10n.t("Open the folder that holds it."));
    const { model, panels, log, workerPath } = this.context;
    log.info(`train ${file.fsPath}`);
    const { runs, queued } = await vscode.window.withProgress({ location: { viewId: "adept.runs" } }, () => Promise.resolve().then(() => host().submitExperiment({
      experimentPath: file.fsPath, runsDir: runsDirectory(folder), workerPath, nodePath: process.execPath, git: isEnabled(Setting.commitRuns, folder.uri), folder: folder.uri.fsPath })));
    for (const { id } of runs) { log.info(`run ${id}${queued ? ", queued" : ""}`); model.markStartedHere(id); }
    model.refresh();
    const first = model.find(runs[0]?.id ?? "");
    if (first !== undefined) panels.show(first);
    if (runs.length > 1) void vscode.window.showInformationMessage(vscode.l10n.t("{0} runs are queued; they train one after the other, also when this window closes.", runs.length));
  }

  private async stop(argument: unknown): Promise<void> {
    const run = await this.pick(argument, (each) => isOpen(each.record.status));
    if (run === undefined) return;
    this.context.log.info(`stop ${run.id}`);
    if (run.record.status === "queued") host().dequeue(run.directory);
    else await host().stopRun(run.directory);
    this.context.model.refresh();
  }

  private async resume(argument: unknown): Promise<void> {
    if (!await isReady()) return;
    const { model, panels, log, workerPath } = this.context;
    const run = await this.pick(argument, (each) => !isOpen(each.record.status) && each.record.status !== "finished");
    if (run === undefined) return;
    const child = host().resumeTraining({ runPath: run.directory.path, workerPath, nodePath: process.execPath, folder: run.folder.uri.fsPath });
    log.info(`resume ${run.id}: worker ${child.pid}`);
    model.markStartedHere(run.id);
    model.refresh();
    panels.show(run);
  }

  private async showLog(argument: unknown): Promise<void> {
    const run = this.context.model.find(runId(argument) ?? "");
    const file = run && join(run.directory.path, "log.txt");
    if (file !== undefined && existsSync(file)) await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true });
    else this.context.log.show();
  }

  /** The run a command was called on, else the only one that fits, else the user's choice. */
  private async pick(argument: unknown, fits: (run: Run) => boolean = () => true): Promise<Run | undefined> {
    const id = runId(argument);
    if (id !== undefined) return this.context.model.find(id);
    const runs = this.context.model.runs().filter(fits);
    if (runs.length === 0) throw new UserError(vscode.l10n.t("There is no such run."));
    if (runs.length === 1) return runs[0];
    const items = runs.map((run) => ({ label: run.record.name, description: describe(run.record), detail: run.id, run }));
    return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Choose a run") }))?.run;
  }

  private async report(error: unknown): Promise<void> {
    const { log } = this.context;
    if (error instanceof UserError) {
      const text = explain(error.message, error.action);
      log.warn(text);
      await vscode.window.showErrorMessage(text);
      return;
    }
    const code = randomUUID().slice(0, 8);
    log.error(code, error instanceof Error ? error : String(error));
    const show = vscode.l10n.t("Show Log");
    if (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT met an unexpected error ({0}).", code), show) === show) log.show();
  }
}

/** Commands are called with a run's id (page, status item) or with a tree node. */
function runId(argument: unknown): string | undefined {
  if (typeof argument === "string") return argument;
  return typeof argument === "object" && argument !== null && "id" in argument && typeof argument.id === "string" ? argument.id : undefined;
}

/** Whether a folder is open and trusted; says what to do where not. */
async function isReady(): Promise<boolean> {
  if ((vscode.workspace.workspaceFolders?.length ?? 0) === 0) {
    const open = vscode.l10n.t("Open Folder");
    if (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT needs an open folder to keep its runs in."), open) === open) await vscode.commands.executeCommand("vscode.openFolder");
    return false;
  }
  if (!vscode.workspace.isTrusted) {
    const manage = vscode.l10n.t("Manage Trust");
    if (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT starts no training in a folder you have not trusted."), manage) === manage) await vscode.commands.executeCommand("workbench.trust.manage");
    return false;
  }
  return true;
}

/** The experiment in the active editor (saved first), else one of the workspace's, else a new one. */
async function chooseExperiment(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  if (active?.uri.scheme === "file" && active.fileName.endsWith(".adept.json")) {
    if (active.isDirty && !await active.save()) throw new UserError(vscode.l10n.t("{0} could not be saved.", active.fileName));
    return active.uri;
  }
  const found = await vscode.workspace.findFiles("**/*.adept.json", "**/{node_modules,.adept}/**", 200);
  if (found.length === 0) return createExperiment();
  const items: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })).sort((a, b) => a.label.localeCompare(b.label));
  const picked = await vscode.window.showQuickPick([...items, { label: `$(add) ${vscode.l10n.t("New experiment…")}` }], { placeHolder: vscode.l10n.t("Choose an experiment to train") });
  if (picked === undefined) return undefined;
  if (picked.uri === undefined) return createExperiment();
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === picked.uri?.toString());
  if (document?.isDirty === true && !await document.save()) throw new UserError(vscode.l10n.t("{0} could not be saved.", document.fileName));
  return picked.uri;
}
