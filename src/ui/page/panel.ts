import * as vscode from "vscode";
import type { HostMessage } from "../../protocol/hostToPage.ts";
import type { PageMessage } from "../../protocol/pageToHost.ts";
import type { TabId } from "../../protocol/tabs.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import { AnalysisFeed } from "./analysisFeed.ts";
import { CompareFeed } from "./compareFeed.ts";
import type { CodeDiff } from "../runs/codeDiff.ts";
import { exportFile } from "./exportFile.ts";
import { host } from "../window/host.ts";
import { Command, View } from "../window/ids.ts";
import { pageLabels } from "../../protocol/pageLabels.ts";
import type { RunsChange, RunsModel } from "../runs/runsModel.ts";
import { stepPoints } from "../../record/stepPoints.ts";
import { choiceOf, viewOf } from "./runView.ts";
import { WebviewPage, WebviewPages, type PageParts } from "./webviewPage.ts";

/** The parts of the extension that a run's page works with. */
export interface PanelContext extends PageParts {
  readonly model: RunsModel;
  readonly workerPath: string;
  readonly diff: CodeDiff;
}

/** The page's messages that are commands on its run, with the command of each. */
const COMMANDS = {
  stop: Command.stop,
  resume: Command.resume,
  openFolder: Command.openRunFolder,
  copyId: Command.copyRunId,
  showLog: Command.showLog,
} as const;

/** The page of one run. It gets changes while it is visible, and everything when it becomes visible again. */
export class Panel extends WebviewPage<HostMessage, PageMessage> {
  private tail: JournalTail | undefined;
  private readonly analyses: AnalysisFeed;
  private readonly compared: CompareFeed;
  /** Whether the page says that the run was deleted; undoing the deletion clears this. */
  private gone = false;
  /** The tab, and the runs to compare, that the page shows once it is ready. */
  private pending: { tab: TabId; ids?: string[] } | undefined;

  constructor(
    readonly id: string,
    view: vscode.WebviewPanel,
    private readonly context: PanelContext,
    onClose: () => void,
  ) {
    super(view, context, onClose);
    const { model, workerPath } = context;
    const post = (message: HostMessage): void => {
      this.post(message);
    };
    const errorText = (error: unknown): string => this.errorText(error);
    this.analyses = this.register(new AnalysisFeed(id, model, post));
    this.compared = this.register(new CompareFeed({ model, post, workerPath, errorText }));
    // A hidden page is unloaded; it posts "ready" again when it comes back, and gets everything anew.
    this.register(
      view.onDidChangeViewState(() => {
        if (view.visible) return;
        this.tail = undefined;
        this.compared.dispose();
      }),
    );
    this.load("webview.js", id);
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

  protected override parse(value: unknown): PageMessage | undefined {
    const message = host().parsePageMessage(value);
    if (message === undefined) this.context.log.warn("The results page sent an unknown message.");
    return message;
  }

  protected override async handle(message: PageMessage): Promise<void> {
    const run = this.context.model.find(this.id);
    switch (message.type) {
      case "ready":
        this.reset();
        return;
      case "stop":
      case "resume":
      case "openFolder":
      case "copyId":
      case "showLog":
        await vscode.commands.executeCommand(COMMANDS[message.type], this.id);
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
}

/** The panels of runs: at most one for each run. */
export class Panels extends WebviewPages<Panel> {
  constructor(private readonly context: PanelContext) {
    super(View.panel);
    this.register(
      context.model.onDidChange((change) => {
        for (const panel of this.pages) panel.update(change);
      }),
    );
  }

  /** @param how `preserveFocus`: the keyboard stays where it is */
  show(
    { id, record }: { id: string; record: { name: string } },
    { tab, ids, preserveFocus = false }: { tab?: TabId; ids?: string[]; preserveFocus?: boolean } = {},
  ): void {
    const viewColumn = vscode.ViewColumn.Active;
    const existing = this.pages.find((panel) => panel.id === id);
    existing?.reveal(preserveFocus);
    const panel =
      existing ??
      this.adopt(id, vscode.window.createWebviewPanel(View.panel, record.name, { viewColumn, preserveFocus }));
    if (tab !== undefined) panel.goTo(tab, ids);
  }

  override deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
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

  private adopt(id: string, view: vscode.WebviewPanel): Panel {
    return this.add((onClose) => new Panel(id, view, this.context, onClose));
  }
}
