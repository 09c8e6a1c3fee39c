import * as vscode from "vscode";
import { sharedScale, type ColourScale } from "../../heatmap/colourScale.ts";
import { documentKindOf, isDataKind } from "../../heatmap/documentKind.ts";
import type { PlacedToken } from "../../heatmap/placedTokens.ts";
import type { TokenDetails } from "../../protocol/heatmapQuestions.ts";
import { MEASURES, type Measure } from "../../protocol/measures.ts";
import type { RunStatus } from "../../record/events.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import { Setting } from "../window/ids.ts";
import { booleanSetting, choiceSetting } from "../window/settings.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";
import { EditorHeatmap } from "./editorHeatmap.ts";
import type { HeatmapChoice } from "./heatmapChoice.ts";
import { HeatmapDecorations } from "./heatmapDecorations.ts";
import { ShownHeatmaps } from "./shownHeatmaps.ts";

/** Key under which the workspace state keeps the id of the run whose heatmap was shown last. */
const LAST_RUN = "adept.heatmapRun";
/** Time in ms after which decoration types that no heatmap uses are disposed. */
const DISPOSE_AFTER_MS = 1000;

/** The token under the mouse, as one of the runs that are shown there sees it. */
export interface HoveredToken {
  run: Run;
  token: PlacedToken;
  measure: Measure;
  details: TokenDetails;
}

/** What heatmaps work with. */
export interface HeatmapsParts {
  model: RunsModel;
  errors: ErrorReport;
  log: vscode.LogOutputChannel;
  tokens: SharedTokenWorker;
  state: vscode.Memento;
}

/** How a run's heatmap is shown. */
export interface ShowOptions {
  /** The one editor for it, beside another run; default: all editors of the document. */
  editor?: vscode.TextEditor | undefined;
  /** Default: the measure of the settings. */
  measure?: Measure | undefined;
  signal?: AbortSignal;
}

/** Token norms and position norms share a scale: both vectors are added to the token's embedding. */
const scaleGroup = (measure: Measure): Measure => (measure === "position" ? "norm" : measure);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The heatmaps of the window: gives each visible editor the heatmap of its document's run, and keeps it up to date. No
 * process starts before a heatmap is asked for.
 */
export class Heatmaps extends DisposableStore {
  private readonly decorations = this.register(new HeatmapDecorations());
  private readonly editors = new Map<vscode.TextEditor, EditorHeatmap>();
  private readonly shown = new ShownHeatmaps();
  /** Documents whose heatmap the user has hidden. */
  private readonly hidden = new Set<string>();
  /** Ids of runs whose offsets are being read again. */
  private readonly reopening = new Set<string>();
  private disposeTimer: NodeJS.Timeout | undefined;
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;

  constructor(private readonly parts: HeatmapsParts) {
    super();
    this.register(
      this.decorations.onDidChange(() => {
        for (const each of this.editors.values()) each.refresh(0);
      }),
    );
    this.followEditors();
    this.followDocuments();
    this.followRuns();
  }

  private followEditors(): void {
    const { window } = vscode;
    this.register(
      window.onDidChangeVisibleTextEditors(() => {
        this.attach();
      }),
    );
    this.register(
      window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
        this.editors.get(textEditor)?.refresh();
      }),
    );
    this.register(
      window.onDidChangeTextEditorViewColumn(() => {
        this.attach();
      }),
    );
    this.register(
      window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (this.editors.get(textEditor)?.painted?.columns !== undefined) this.editors.get(textEditor)?.refresh();
      }),
    );
    this.register(
      window.onDidChangeActiveTextEditor((editor) => {
        this.changed.fire();
        if (editor !== undefined) void this.showLastRun(editor.document);
      }),
    );
  }

  private followDocuments(): void {
    const { workspace } = vscode;
    this.register(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        for (const each of this.editors.values()) if (each.editor.document === document) each.edited(contentChanges);
      }),
    );
    this.register(
      workspace.onDidCloseTextDocument(({ uri }) => {
        this.hide(uri);
        this.hidden.delete(uri.toString());
      }),
    );
  }

  private followRuns(): void {
    const { model } = this.parts;
    this.register(
      model.onDidChange(({ ids, list }) => {
        if (list) this.remove(({ run }) => model.find(run.id) === undefined);
        // A run that was resumed or has finished has other offsets than before.
        for (const { run, status } of this.shown.runs())
          if (ids.includes(run.id) && model.find(run.id)?.record.status !== status) void this.reopen(run);
      }),
    );
  }

  /** Returns the heatmap of the active editor. */
  active(): EditorHeatmap | undefined {
    return vscode.window.activeTextEditor && this.editors.get(vscode.window.activeTextEditor);
  }

  /**
   * Shows a run's offsets over a document.
   * @throws UserError if the run has no offsets
   */
  async show(
    { uri }: Pick<vscode.TextDocument, "uri">,
    run: Run,
    { editor, measure, signal }: ShowOptions = {},
  ): Promise<void> {
    const { status } = run.record;
    const opened = await this.parts.tokens.get().open(run.directory.path);
    const available = MEASURES.filter((each) => opened.measures[each] !== undefined);
    const wished = [measure, choiceSetting(Setting.heatmapMeasure, MEASURES)].find(
      (each) => each !== undefined && available.includes(each),
    );
    if (signal?.aborted === true) return;
    const choice: HeatmapChoice = { run, opened, measure: wished ?? available[0]! };
    void this.parts.state.update(LAST_RUN, run.id);
    this.hidden.delete(uri.toString());
    this.shown.add(uri.toString(), { choice, status, editor });
    this.attach();
  }

  /** Changes the measure of a document's heatmaps whose run has it. */
  setMeasure(uri: vscode.Uri, measure: Measure): void {
    this.shown.setMeasure(uri.toString(), measure);
    this.attach();
  }

  /** Hides the heatmaps of a document until one is asked for or the document is opened again. */
  hide(uri: vscode.Uri): void {
    this.hidden.add(uri.toString());
    this.remove((each) => each.uri === uri.toString());
  }

  /** Hides the heatmaps of all documents. */
  hideAll(): void {
    for (const uri of this.shown.uris) this.hidden.add(uri);
    this.remove(() => true);
  }

  /** Returns the tokens at a position of a document, for each run that is shown there. */
  async tokensAt(document: vscode.TextDocument, position: vscode.Position): Promise<HoveredToken[]> {
    const shown = [...this.editors.values()]
      .filter(({ editor }) => editor.document === document)
      .map((each) => ({ choice: each.choice, tokens: each.tokensAt(position) }))
      .filter(({ tokens }) => tokens.length > 0);
    const found = shown
      .filter(({ choice }, i) => shown.findIndex((each) => each.choice.run.id === choice.run.id) === i)
      .flatMap(({ choice, tokens }) => tokens.map((token) => ({ choice, token })));
    return Promise.all(
      found.map(async ({ choice: { run, measure, opened }, token }) => {
        const details = await this.parts.tokens.get().token(run.directory.path, token.id, token.position);
        if (details.stamp !== opened.stamp) void this.reopen(run);
        return { run, token, measure, details };
      }),
    );
  }

  /** Returns the scale of a measure, which all visible runs share. */
  scale(measure: Measure): ColourScale {
    const scales = [...this.editors.values()].flatMap(({ choice }) =>
      scaleGroup(choice.measure) === scaleGroup(measure) ? (choice.opened.measures[choice.measure] ?? []) : [],
    );
    return scales.length === 0 ? { low: 0, high: 0, signed: false } : sharedScale(scales);
  }

  /** Shows the run that was shown last over a data file that the user opens, if the settings say so. */
  private async showLastRun(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    const run = this.parts.model.find(this.parts.state.get<string>(LAST_RUN) ?? "");
    if (
      run === undefined ||
      !vscode.workspace.isTrusted ||
      !booleanSetting(Setting.heatmapOnOpen, document.uri, false) ||
      !isDataKind(documentKindOf(document.fileName)) ||
      this.hidden.has(uri) ||
      this.shown.uris.includes(uri)
    )
      return;
    try {
      await this.show(document, run);
    } catch (error) {
      this.parts.log.warn(messageOf(error));
    }
  }

  private remove(isRemoved: (shown: { uri: string; run: Run }) => boolean): void {
    if (this.shown.remove(isRemoved)) this.attach();
  }

  /** Reads the offsets of a run again, because its tensors are other than when it was opened. */
  private async reopen(run: Run): Promise<void> {
    const { id, directory } = run;
    if (this.reopening.has(id)) return;
    this.reopening.add(id);
    try {
      let status: RunStatus;
      do {
        const statusNow = (status = run.record.status);
        const opened = await this.parts.tokens.get().open(directory.path);
        this.shown.reopened(run, opened, statusNow);
      } while (status !== run.record.status);
      this.attach();
    } catch (error) {
      // The run has no offsets any more.
      this.parts.log.warn(messageOf(error));
      this.remove((each) => each.run.id === id);
    } finally {
      this.reopening.delete(id);
    }
  }

  /** Gives every visible editor its heatmap, and removes the others. */
  private attach(): void {
    const visible = vscode.window.visibleTextEditors;
    this.shown.follow(visible);
    // Heatmaps that stay as they are may have another scale now.
    const unchanged = new Set<EditorHeatmap>(this.editors.values());
    for (const [editor, heatmap] of this.editors) {
      if (visible.includes(editor) && this.shown.choiceFor(editor) !== undefined) continue;
      heatmap.clear();
      this.editors.delete(editor);
      unchanged.delete(heatmap);
    }
    for (const editor of visible) {
      const choice = this.shown.choiceFor(editor);
      const heatmap = this.editors.get(editor);
      if (choice === undefined || heatmap?.choice === choice) continue;
      if (heatmap === undefined) this.create(editor, choice);
      else {
        heatmap.choose(choice);
        unchanged.delete(heatmap);
      }
    }
    for (const each of unchanged) each.refresh(0);
    this.disposeUnusedDecorations();
    this.changed.fire();
  }

  private create(editor: vscode.TextEditor, choice: HeatmapChoice): void {
    const heatmap: EditorHeatmap = new EditorHeatmap(editor, choice, {
      worker: this.parts.tokens.get(),
      decorations: this.decorations,
      scale: (measure) => this.scale(measure),
      painted: () => {
        this.changed.fire();
      },
      outdated: () => {
        void this.reopen(heatmap.choice.run);
      },
      failed: (error) => {
        this.hide(editor.document.uri);
        void this.parts.errors.report(error);
      },
    });
    this.editors.set(editor, heatmap);
    heatmap.refresh(0);
  }

  /** Disposes decoration types that no heatmap uses, after the heatmaps that used them are painted again. */
  private disposeUnusedDecorations(): void {
    if (this.signedScales().length === 0) this.decorations.keepOnly([]);
    else
      this.disposeTimer ??= setTimeout(() => {
        this.disposeTimer = undefined;
        this.decorations.keepOnly(this.signedScales());
      }, DISPOSE_AFTER_MS);
  }

  /** Returns, without duplicates, whether the scales of the visible heatmaps are signed. */
  private signedScales(): boolean[] {
    return [...new Set([...this.editors.values()].map(({ choice }) => this.scale(choice.measure).signed))];
  }

  override dispose(): void {
    clearTimeout(this.disposeTimer);
    super.dispose();
  }
}
