import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { HostMessage } from "../../protocol/hostToPage.ts";
import type { PageMessage } from "../../protocol/pageToHost.ts";
import type { TabId } from "../../protocol/tabs.ts";
import { UserError } from "../../base/errors.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import { AnalysisFeed } from "./analysisFeed.ts";
import { CompareFeed } from "./compareFeed.ts";
import type { CodeDiff } from "../runs/codeDiff.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import { exportFile } from "./exportFile.ts";
import { host } from "../window/host.ts";
import { Command, View } from "../window/ids.ts";
import { localisedError } from "../window/localised.ts";
import { pageHtml } from "./pageHtml.ts";
import { pageLabels } from "../../protocol/pageLabels.ts";
import type { RunsChange, RunsModel } from "../runs/runsModel.ts";
import { choiceOf, stepPoints, viewOf } from "./runView.ts";

export interface PanelContext {
  readonly extensionUri: vscode.Uri;
  readonly model: RunsModel;
  readonly log: vscode.LogOutputChannel;
  readonly workerPath: string;
  readonly diff: CodeDiff;
  readonly errors: ErrorReport;
}

/** One run's page: told what is new while it is seen, everything when it comes back. */
export class Panel extends DisposableStore {
  private tail: JournalTail | undefined;
  private readonly analyses: AnalysisFeed;
  private readonly compared: CompareFeed;
  /** Its page says that the run is gone; an undone deletion brings it back. */
  private gone = false;
  /** Where the page is to go when it is ready. */
  private pending: { tab: TabId; ids?: string[] } | undefined;

  constructor(
    private readonly id: string,
    private readonly view: vscode.WebviewPanel,
    private readonly context: PanelContext,
    onClose: () => void,
  ) {
    super();
    const { extensionUri, log, model, workerPath } = context;
    const post = (message: HostMessage): void => {
      this.post(message);
    };
    this.analyses = new AnalysisFeed(id, model, post);
    this.compared = new CompareFeed({
      model,
      post,
      workerPath,
      fail: (error) => {
        log.error(error instanceof Error ? error : String(error));
        return error instanceof UserError ? localisedError(error) : vscode.l10n.t("see the log");
      },
    });
    this.register({
      dispose: () => {
        this.compared.dispose();
        this.analyses.dispose();
      },
    });
    view.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(extensionUri, "dist"), vscode.Uri.joinPath(extensionUri, "media")],
    };
    view.iconPath = {
      light: vscode.Uri.joinPath(extensionUri, "media", "icon-on-light.svg"),
      dark: vscode.Uri.joinPath(extensionUri, "media", "icon-on-dark.svg"),
    };
    this.register(
      view.webview.onDidReceiveMessage((value: unknown) => {
        const message = host().parsePageMessage(value);
        if (message === undefined) log.warn("The results page sent an unknown message.");
        else this.handle(message).catch((error: unknown) => context.errors.report(error));
      }),
    );
    this.register(
      view.onDidDispose(() => {
        onClose();
        this.dispose();
      }),
    );
    // A hidden page is unloaded; it says "ready" again when it comes back and gets everything anew.
    this.register(
      view.onDidChangeViewState(() => {
        if (!view.visible) {
          this.tail = undefined;
          this.compared.dispose();
        }
      }),
    );
    const asset = (file: string): string =>
      view.webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", file)).toString();
    view.webview.html = pageHtml({
      script: asset("webview.js"),
      style: asset("webview.css"),
      cspSource: view.webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      language: vscode.env.language,
      run: id,
    });
  }

  reveal(preserveFocus: boolean): void {
    this.view.reveal(undefined, preserveFocus);
  }

  /** Shows a tab, with runs to compare. */
  goTo(tab: TabId, ids?: string[]): void {
    if (this.tail === undefined) this.pending = { tab, ...(ids && { ids }) };
    else this.post({ type: "open", tab, ids });
  }

  update({ ids, list }: RunsChange): void {
    const run = this.context.model.find(this.id);
    if (run === undefined) {
      this.post({ type: "gone", message: pageLabels(vscode.l10n.t).gone });
      this.tail = undefined;
      this.gone = true;
      return;
    }
    if (this.gone && this.view.visible) {
      this.reset();
      return;
    }
    if (this.view.title !== run.record.name) this.view.title = run.record.name;
    if (this.tail === undefined) return;
    if (list || ids.includes(this.id)) {
      this.post({ type: "update", view: viewOf(run), points: stepPoints(this.tail.read()) });
      this.analyses.update();
    }
    if (list) this.post({ type: "runs", runs: this.choices() });
    this.compared.update(ids);
  }

  override dispose(): void {
    super.dispose();
    this.view.dispose();
  }

  private choices(): ReturnType<typeof choiceOf>[] {
    return this.context.model
      .runs()
      .filter(({ id, record }) => !record.archived || id === this.id)
      .map(choiceOf);
  }

  private reset(): void {
    const run = this.context.model.find(this.id);
    if (run === undefined) {
      this.update({ ids: [], list: true });
      return;
    }
    this.view.title = run.record.name;
    this.gone = false;
    this.tail = new (host().JournalTail)(run.directory.path);
    this.analyses.reset();
    this.post({
      type: "reset",
      labels: pageLabels(vscode.l10n.t),
      view: viewOf(run),
      points: stepPoints(this.tail.read()),
      runs: this.choices(),
      open: this.pending,
    });
    this.pending = undefined;
  }

  private async handle(message: PageMessage): Promise<void> {
    const run = this.context.model.find(this.id);
    switch (message.type) {
      case "ready":
        this.reset();
        return;
      case "stop":
        await vscode.commands.executeCommand(Command.stop, this.id);
        return;
      case "resume":
        await vscode.commands.executeCommand(Command.resume, this.id);
        return;
      case "openFolder":
        await vscode.commands.executeCommand(Command.openRunFolder, this.id);
        return;
      case "copyId":
        await vscode.commands.executeCommand(Command.copyRunId, this.id);
        return;
      case "showLog":
        await vscode.commands.executeCommand(Command.showLog, this.id);
        return;
      case "tab":
        this.analyses.open(message.tab);
        return;
      case "analyse":
        if ((await vscode.commands.executeCommand(Command.analyse, this.id, message.name)) === true)
          this.analyses.markAsked(message.name);
        return;
      case "stopAnalysis":
        run?.directory.requestAnalysisStop();
        return;
      case "compare":
        this.compared.compare(message.ids);
        return;
      case "diff":
        await this.showDiff(message);
        return;
      case "save":
        if (run !== undefined) await exportFile(message, run.folder.uri);
        return;
      case "copy":
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage(vscode.l10n.t("Copied"), 2000);
        return;
      case "problem":
        this.context.log.error(`Results page: ${message.message}`);
        return;
    }
  }

  private async showDiff({ from, to }: { from: string; to: string }): Promise<void> {
    const { model, diff } = this.context;
    const [a, b] = [model.find(from), model.find(to)];
    if (a !== undefined && b !== undefined) await diff.show(a, b);
  }

  private post(message: HostMessage): void {
    void this.view.webview.postMessage(message);
  }
}

/** The panels of runs: at most one for each run, restored after a window reload. */
export class Panels extends DisposableStore implements vscode.WebviewPanelSerializer {
  private readonly open = new Map<string, Panel>();

  constructor(private readonly context: PanelContext) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(View.panel, this));
    this.register(
      context.model.onDidChange((change) => {
        for (const panel of this.open.values()) panel.update(change);
      }),
    );
  }

  /** @param how `preserveFocus`: the keyboard stays where it is */
  show(
    { id, record }: { id: string; record: { name: string } },
    { tab, ids, preserveFocus = false }: { tab?: TabId; ids?: string[]; preserveFocus?: boolean } = {},
  ): void {
    const existing = this.open.get(id);
    if (existing === undefined)
      this.adopt(
        id,
        vscode.window.createWebviewPanel(View.panel, record.name, {
          viewColumn: vscode.ViewColumn.Active,
          preserveFocus,
        }),
      );
    else existing.reveal(preserveFocus);
    if (tab !== undefined) this.open.get(id)?.goTo(tab, ids);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { model } = this.context;
    const known =
      typeof state === "object" && state !== null && "id" in state && typeof state.id === "string"
        ? state.id
        : undefined;
    model.refresh();
    // A window in a browser that is loaded anew within seconds has not stored the page's state yet: its title is the
    // run's name, or its id where it was opened before the run had told its name.
    this.adopt(
      known ?? model.runs().find(({ id, record }) => record.name === panel.title || id === panel.title)?.id ?? "",
      panel,
    );
    return Promise.resolve();
  }

  override dispose(): void {
    for (const panel of [...this.open.values()]) panel.dispose();
    super.dispose();
  }

  private adopt(id: string, view: vscode.WebviewPanel): void {
    this.open.set(
      id,
      new Panel(id, view, this.context, () => {
        this.open.delete(id);
      }),
    );
  }
}
