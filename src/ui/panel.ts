import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { HostMessage, PageMessage, RunView, StepPoint } from "../../webview/messages.ts";
import type { RunEvent } from "../experiment/events.ts";
import { leadingMetric, metricName, metricValue } from "../experiment/metricText.ts";
import { isOpen } from "../experiment/record.ts";
import type { JournalTail } from "../run/journal.ts";
import { explain } from "../experiment/explain.ts";
import { detail, progress, statusText } from "./describe.ts";
import { Store } from "./disposable.ts";
import { host } from "./host.ts";
import { Command, View } from "./ids.ts";
import { pageLabels } from "./pageLabels.ts";
import { isPageMessage } from "./pageMessage.ts";
import type { Run, RunsModel } from "./runsModel.ts";

/** The panels of runs: at most one for each run, restored after a window reload. */
export class Panels extends Store implements vscode.WebviewPanelSerializer {
  private readonly open = new Map<string, Panel>();

  constructor(private readonly context: { extensionUri: vscode.Uri; model: RunsModel; log: vscode.LogOutputChannel }) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(View.panel, this));
    this.register(context.model.onDidChange(({ ids, list }) => {
      for (const [id, panel] of this.open) if (list || ids.includes(id)) panel.update();
    }));
  }

  show(run: Run): void {
    const existing = this.open.get(run.id);
    if (existing !== undefined) { existing.reveal(); return; }
    this.adopt(run.id, vscode.window.createWebviewPanel(View.panel, run.record.name, vscode.ViewColumn.Active));
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = typeof state === "object" && state !== null && "id" in state && typeof state.id === "string" ? state.id : "";
    this.context.model.refresh();
    this.adopt(id, panel);
    return Promise.resolve();
  }

  override dispose(): void {
    for (const panel of [...this.open.values()]) panel.dispose();
    super.dispose();
  }

  private adopt(id: string, view: vscode.WebviewPanel): void {
    this.open.set(id, new Panel(id, view, this.context, () => { this.open.delete(id); }));
  }
}

class Panel extends Store {
  private tail: JournalTail | undefined;

  constructor(private readonly id: string, private readonly view: vscode.WebviewPanel, private readonly context: { extensionUri: vscode.Uri; model: RunsModel; log: vscode.LogOutputChannel }, onClose: () => void) {
    super();
    const { extensionUri } = context;
    view.webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extensionUri, "dist"), vscode.Uri.joinPath(extensionUri, "media")] };
    view.iconPath = { light: vscode.Uri.joinPath(extensionUri, "media", "icon-on-light.svg"), dark: vscode.Uri.joinPath(extensionUri, "media", "icon-on-dark.svg") };
    this.register(view.webview.onDidReceiveMessage((message: unknown) => {
      if (isPageMessage(message)) void this.handle(message);
      else context.log.warn("The results page sent an unknown message.");
    }));
    this.register(view.onDidDispose(() => { onClose(); this.dispose(); }));
    // A hidden page is unloaded; it says "ready" again when it comes back and gets everything anew.
    this.register(view.onDidChangeViewState(() => { if (!view.visible) this.tail = undefined; }));
    view.webview.html = pageHtml(view.webview, extensionUri, id);
  }

  reveal(): void { this.view.reveal(); }

  update(): void {
    const run = this.context.model.find(this.id);
    if (run === undefined) { this.post({ type: "gone", message: pageLabels().gone }); this.tail = undefined; return; }
    if (this.view.title !== run.record.name) this.view.title = run.record.name;
    if (this.tail !== undefined) this.post({ type: "update", view: viewOf(run), points: stepPoints(this.tail.read()) });
  }

  override dispose(): void {
    super.dispose();
    this.view.dispose();
  }

  private reset(): void {
    const run = this.context.model.find(this.id);
    if (run === undefined) { this.update(); return; }
    this.view.title = run.record.name;
    this.tail = new (host().JournalTail)(run.directory.path);
    this.post({ type: "reset", labels: pageLabels(), view: viewOf(run), points: stepPoints(this.tail.read()) });
  }

  private async handle(message: PageMessage): Promise<void> {
    switch (message.type) {
      case "ready": this.reset(); return;
      case "stop": await vscode.commands.executeCommand(Command.stop, this.id); return;
      case "resume": await vscode.commands.executeCommand(Command.resume, this.id); return;
      case "openFolder": await vscode.commands.executeCommand(Command.openRunFolder, this.id); return;
      case "copyId": await vscode.commands.executeCommand(Command.copyRunId, this.id); return;
      case "showLog": await vscode.commands.executeCommand(Command.showLog, this.id); return;
      case "problem": this.context.log.error(`Results page: ${message.message}`); return;
    }
  }

  private post(message: HostMessage): void { void this.view.webview.postMessage(message); }
}

function statusLine({ status, error }: Run["record"]): string {
  return error === undefined ? statusText(status) : `${statusText(status)}: ${explain(error.message, error.action)}`;
}

function viewOf({ record, directory }: Run): RunView {
  const adapter = join(directory.path, "adapter");
  const live = isOpen(record.status);
  const metric = leadingMetric(record.evaluations[0]?.metrics ?? {})?.name ?? "accuracy";
  return {
    record, live, metric, metricName: metricName(metric), correlation: !metricValue(metric, 0).includes("%"), resumable: !live && record.status !== "finished", statusText: statusLine(record), summary: detail(record),
    progress: record.status === "finished" ? 1 : progress(record), adapterPath: existsSync(adapter) ? adapter : undefined,
  };
}

/** Steps in order; where a resumed run repeats some, the later reading stands. */
function stepPoints(events: readonly RunEvent[]): StepPoint[] {
  const points: StepPoint[] = [];
  for (const event of events) {
    if (event.type !== "step") continue;
    const { type: _, time: __, ...point } = event;
    while ((points.at(-1)?.step ?? -1) >= point.step) points.pop();
    points.push(point);
  }
  return points;
}

function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, id: string): string {
  const nonce = randomBytes(16).toString("base64");
  const dist = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", file)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}' ${webview.cspSource}; font-src ${webview.cspSource}; img-src ${webview.cspSource} data:`;
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" nonce="${nonce}" href="${dist("webview.css")}">
<title>ADePT</title>
</head>
<body data-run="${id.replace(/[^\w.-]/g, "")}"><main></main><script nonce="${nonce}" src="${dist("webview.js")}"></script></body>
</html>`;
}
