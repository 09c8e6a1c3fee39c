import * as vscode from "vscode";
import { CodeDiff } from "./ui/runs/codeDiff.ts";
import { Commands } from "./ui/commands/commands.ts";
import { ContextKeys } from "./ui/commands/contextKeys.ts";
import { ErrorReport } from "./ui/window/errorReport.ts";
import { ExperimentChecks } from "./ui/editing/experimentChecks.ts";
import { ExperimentEditing } from "./ui/editing/experimentEditing.ts";
import { ExperimentSchema } from "./ui/editing/experimentSchema.ts";
import { Folders } from "./ui/window/folders.ts";
import { HeatmapHover } from "./ui/heatmap/heatmapHover.ts";
import { HeatmapLegend } from "./ui/heatmap/heatmapLegend.ts";
import { Heatmaps } from "./ui/heatmap/heatmaps.ts";
import { Notifications } from "./ui/runs/notifications.ts";
import { Panels } from "./ui/page/panel.ts";
import { ReadOnlyDocuments } from "./ui/window/readOnlyDocuments.ts";
import { RunExplorer } from "./ui/runs/runExplorer.ts";
import { RunPick } from "./ui/runs/runPick.ts";
import { RunsModel } from "./ui/runs/runsModel.ts";
import { Setups } from "./ui/setup/setup.ts";
import { StatusItem } from "./ui/runs/statusItem.ts";
import { SharedTokenWorker } from "./ui/window/sharedTokenWorker.ts";
import { WaitingQueue } from "./ui/commands/waitingQueue.ts";

/**
 * Builds what commands, views and pages need at once, and returns; the rest follows a moment later. No process is
 * started before the user asks.
 */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("ADePT", { log: true });
  const { workspaceState: state, extensionUri, globalStorageUri: storage, subscriptions } = context;
  const workerPath = context.asAbsolutePath("dist/worker.js");
  const folders = new Folders(context.globalState);
  const model = new RunsModel(log, state, folders);
  const errors = new ErrorReport(log);
  const diff = new CodeDiff();
  const documents = new ReadOnlyDocuments();
  const tokens = new SharedTokenWorker(log, workerPath);
  const explorer = new RunExplorer(model, state);
  const panels = new Panels({ extensionUri, model, log, workerPath, diff, errors });
  const pick = new RunPick(model, explorer);
  const heatmaps = new Heatmaps({ model, errors, log, tokens, state });
  const setups = new Setups({ extensionUri, storage, folders, tokens, errors, log, workerPath });
  subscriptions.push(
    log,
    folders,
    model,
    diff,
    documents,
    tokens,
    panels,
    explorer,
    setups,
    heatmaps,
    new ExperimentSchema(context.asAbsolutePath("dist/experiment.schema.json")),
    new Commands({
      model,
      explorer,
      panels,
      pick,
      diff,
      errors,
      heatmaps,
      folders,
      setups,
      tokens,
      documents,
      log,
      state,
      workerPath,
    }),
  );
  const next = setTimeout(() => {
    const checks = new ExperimentChecks(tokens, log);
    subscriptions.push(
      checks,
      new ExperimentEditing(checks, model),
      new HeatmapHover(heatmaps),
      new HeatmapLegend(heatmaps),
      new StatusItem(model),
      new Notifications(model),
      new WaitingQueue({ model, log, workerPath }),
      new ContextKeys(model, heatmaps),
    );
    model.adopt();
  }, 0);
  subscriptions.push({
    dispose: () => {
      clearTimeout(next);
    },
  });
}
