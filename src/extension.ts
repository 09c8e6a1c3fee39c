import * as vscode from "vscode";
import { Commands } from "./ui/commands.ts";
import { Notifications } from "./ui/notifications.ts";
import { Panels } from "./ui/panel.ts";
import { RunExplorer } from "./ui/runExplorer.ts";
import { RunsModel } from "./ui/runsModel.ts";
import { StatusItem } from "./ui/statusItem.ts";
import { WaitingQueue } from "./ui/waitingQueue.ts";

/** Builds the parts and returns; runs are read a moment later, and no process is started before the user asks. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("ADePT", { log: true });
  const model = new RunsModel(log, context.workspaceState);
  const panels = new Panels({ extensionUri: context.extensionUri, model, log });
  const workerPath = context.asAbsolutePath("dist/worker.js");
  context.subscriptions.push(log, model, panels, new RunExplorer(model), new StatusItem(model), new Notifications(model), new WaitingQueue({ model, log, workerPath }), new Commands({ model, panels, log, workerPath }));
  const first = setTimeout(() => { model.adopt(); }, 0);
  context.subscriptions.push({ dispose: () => { clearTimeout(first); } });
}
