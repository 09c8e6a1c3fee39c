import * as vscode from "vscode";
import { ClusterWatch } from "./ui/runs/clusterWatch.ts";
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
import { RunLogs } from "./ui/runs/runLogs.ts";
import { RunPick } from "./ui/runs/runPick.ts";
import { RunsModel } from "./ui/runs/runsModel.ts";
import { Setups } from "./ui/setup/setup.ts";
import { StatusItem } from "./ui/runs/statusItem.ts";
import { SharedTokenWorker } from "./ui/window/sharedTokenWorker.ts";
import { WaitingQueue } from "./ui/commands/waitingQueue.ts";

/** Parts that activation creates, and that the parts created a moment later use. */
interface Parts {
  log: vscode.LogOutputChannel;
  model: RunsModel;
  tokens: SharedTokenWorker;
  heatmaps: Heatmaps;
  workerPath: string;
}

/**
 * Activates the extension: creates what commands, views and pages need, and the rest a moment later, so that VS Code
 * does not wait for it. No process starts before the user asks for something.
 */
export function activate(context: vscode.ExtensionContext): void {
  const parts = createCommands(context);
  const later = setTimeout(() => {
    createRest(context, parts);
    parts.model.adopt();
  }, 0);
  context.subscriptions.push({
    dispose: () => {
      clearTimeout(later);
    },
  });
}

function createCommands(context: vscode.ExtensionContext): Parts {
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
  const logs = new RunLogs(model, workerPath);
  const heatmaps = new Heatmaps({ model, errors, log, tokens, state });
  const setups = new Setups({ extensionUri, storage, folders, tokens, errors, log, workerPath });
  const shared = { model, explorer, panels, pick, diff, errors, heatmaps, folders, setups, tokens, documents, logs };
  const schema = new ExperimentSchema(context.asAbsolutePath("dist/experiment.schema.json"));
  const commands = new Commands({ ...shared, log, state, workerPath });
  subscriptions.push(
    log,
    folders,
    model,
    diff,
    documents,
    logs,
    tokens,
    panels,
    explorer,
    setups,
    heatmaps,
    schema,
    commands,
  );
  return { log, model, tokens, heatmaps, workerPath };
}

/** Creates language features, the status bar, notifications and context keys. */
function createRest({ subscriptions }: vscode.ExtensionContext, parts: Parts): void {
  const { log, model, tokens, heatmaps, workerPath } = parts;
  const checks = new ExperimentChecks(tokens, log);
  subscriptions.push(
    checks,
    new ExperimentEditing(checks, model),
    new HeatmapHover(heatmaps),
    new HeatmapLegend(heatmaps),
    new StatusItem(model),
    new Notifications(model),
    new WaitingQueue({ model, log, workerPath }),
    new ClusterWatch({ model, log, workerPath }),
    new ContextKeys(model, heatmaps),
  );
}
