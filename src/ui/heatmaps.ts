import * as vscode from "vscode";
import { sharedScale, type Scale } from "../heatmap/bins.ts";
import { MEASURES, type Measure } from "../heatmap/measures.ts";
import type { TokenDetails } from "../heatmap/protocol.ts";
import type { Spot } from "../heatmap/ranges.ts";
import { kindOf, type DocumentKind } from "../heatmap/records.ts";
import { Store } from "./disposable.ts";
import { EditorHeatmap, type HeatmapChoice } from "./editorHeatmap.ts";
import type { ErrorReport } from "./errorReport.ts";
import { HeatmapColours } from "./heatmapColours.ts";
import { Setting } from "./ids.ts";
import type { Run, RunsModel } from "./runsModel.ts";
import { chosenOf, isEnabled } from "./settings.ts";
import type { Tokens } from "./tokens.ts";

/** The run whose heatmap was shown last. */
const LAST = "adept.heatmapRun";
const DATA: readonly DocumentKind[] = ["jsonl", "csv", "tsv"];

interface Shown { uri: string; /** the column it was opened in beside another, undefined: wherever the document is seen */ column: vscode.ViewColumn | undefined; choice: HeatmapChoice }

/** A token under the cursor, as each run that is shown there has it. */
export interface TokenUnder { run: Run; spot: Spot; measure: Measure; details: TokenDetails }

/** Norms of a token's offset and of its place's compare: they are both added to the embedding. */
const unitOf = (measure: Measure): Measure => (measure === "position" ? "norm" : measure);

/** Which documents show which run's offsets, and everything that keeps their colours true. Nothing is shown, and no process started, before it is asked for. */
export class Heatmaps extends Store {
  private readonly colours = this.register(new HeatmapColours());
  private readonly editors = new Map<vscode.TextEditor, EditorHeatmap>();
  private shown: Shown[] = [];
  private keeping: NodeJS.Timeout | undefined;
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;

  constructor(private readonly parts: { model: RunsModel; errors: ErrorReport; log: vscode.LogOutputChannel; tokens: Tokens; state: vscode.Memento }) {
    super();
    const { window, workspace } = vscode;
    this.register(this.colours.onDidChange(() => { for (const each of this.editors.values()) each.refresh(0); }));
    this.register(window.onDidChangeVisibleTextEditors(() => { this.attach(); }));
    this.register(window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => { this.editors.get(textEditor)?.refresh(); }));
    this.register(window.onDidChangeTextEditorViewColumn(() => { this.attach(); }));
    this.register(window.onDidChangeTextEditorSelection(({ textEditor }) => { if (this.editors.get(textEditor)?.painted?.columns !== undefined) this.editors.get(textEditor)?.refresh(); }));
    this.register(window.onDidChangeActiveTextEditor(() => { this.changed.fire(); }));
    this.register(workspace.onDidChangeTextDocument(({ document, contentChanges }) => { for (const each of this.editors.values()) if (each.editor.document === document) each.edited(contentChanges); }));
    this.register(window.onDidChangeActiveTextEditor((editor) => { if (editor !== undefined) void this.showLast(editor.document); }));
    this.register(workspace.onDidCloseTextDocument(({ uri }) => { this.hide(uri); }));
    this.register(parts.model.onDidChange(({ list }) => { if (list) this.drop(({ choice }) => parts.model.find(choice.run.id) === undefined); }));
  }

  /** The heatmap of the active editor. */
  active(): EditorHeatmap | undefined { return vscode.window.activeTextEditor && this.editors.get(vscode.window.activeTextEditor); }

  /** Shows a run's offsets over a document. @param column where it is to be seen beside another run, undefined: wherever it is seen @throws UserError where the run has none */
  async show({ uri }: Pick<vscode.TextDocument, "uri">, run: Run, { column, measure, signal }: { column?: vscode.ViewColumn | undefined; measure?: Measure | undefined; signal?: AbortSignal } = {}): Promise<void> {
    const opened = await this.parts.tokens.get().open(run.directory.path), own = MEASURES.filter((each) => opened.measures[each] !== undefined), wished = [measure, chosenOf(Setting.heatmapMeasure, MEASURES)].find((each) => each !== undefined && own.includes(each));
    if (signal?.aborted === true) return;
    const choice: HeatmapChoice = { run, opened, measure: wished ?? own[0]! }, key = uri.toString();
    void this.parts.state.update(LAST, run.id);
    this.shown = [...this.shown.filter((each) => each.uri !== key || (column !== undefined && each.column !== column)), { uri: key, column, choice }];
    this.attach();
  }

  /** Another measure for the heatmaps of a document that have it. */
  measure(uri: vscode.Uri, measure: Measure): void {
    this.shown = this.shown.map((each) => (each.uri === uri.toString() && each.choice.opened.measures[measure] !== undefined ? { ...each, choice: { ...each.choice, measure } } : each));
    this.attach();
  }

  hide(uri: vscode.Uri): void { this.drop((each) => each.uri === uri.toString()); }

  hideAll(): void { this.drop(() => true); }

  /** The tokens at a place of a document, as each run shown there has them. */
  async under(document: vscode.TextDocument, position: vscode.Position): Promise<TokenUnder[]> {
    const found = [...this.editors.values()].filter(({ editor }) => editor.document === document).flatMap((each) => { const spot = each.tokenAt(position); return spot === undefined ? [] : [{ choice: each.choice, spot }]; });
    const unique = found.filter(({ choice }, i) => found.findIndex((each) => each.choice.run.id === choice.run.id) === i);
    return Promise.all(unique.map(async ({ choice: { run, measure }, spot }) => ({ run, spot, measure, details: await this.parts.tokens.get().token(run.directory.path, spot.id, spot.place) })));
  }

  /** The scale of a measure, one for all runs in sight. */
  scale(measure: Measure): Scale {
    const scales = this.shown.flatMap(({ choice }) => (unitOf(choice.measure) === unitOf(measure) ? choice.opened.measures[choice.measure] ?? [] : []));
    return scales.length === 0 ? { low: 0, high: 0, signed: false } : sharedScale(scales);
  }

  /** Where the user wishes so: the run chosen last, over a data file that is opened. */
  private async showLast(document: vscode.TextDocument): Promise<void> {
    const { workspace } = vscode, run = this.parts.model.find(this.parts.state.get<string>(LAST) ?? "");
    if (run === undefined || !workspace.isTrusted || !isEnabled(Setting.heatmapOnOpen, document.uri, false) || !DATA.includes(kindOf(document.fileName)) || this.shown.some(({ uri }) => uri === document.uri.toString())) return;
    try { await this.show(document, run); } catch (error) { this.parts.log.warn(error instanceof Error ? error.message : String(error)); }
  }

  private drop(goes: (each: Shown) => boolean): void {
    if (!this.shown.some(goes)) return;
    this.shown = this.shown.filter((each) => !goes(each));
    this.attach();
  }

  private choiceFor(editor: vscode.TextEditor): HeatmapChoice | undefined {
    const own = this.shown.filter(({ uri }) => uri === editor.document.uri.toString());
    return (own.find(({ column }) => column !== undefined && column === editor.viewColumn) ?? own.find(({ column }) => column === undefined))?.choice;
  }

  /** Gives every visible editor the heatmap it is to have, and none that it is not. */
  private attach(): void {
    const visible = vscode.window.visibleTextEditors, rescaled = new Set<EditorHeatmap>(this.editors.values());
    for (const [editor, heatmap] of this.editors) {
      if (visible.includes(editor) && this.choiceFor(editor) !== undefined) continue;
      heatmap.clear();
      this.editors.delete(editor);
      rescaled.delete(heatmap);
    }
    for (const editor of visible) {
      const choice = this.choiceFor(editor), known = this.editors.get(editor);
      if (choice === undefined || known?.choice === choice) continue;
      if (known !== undefined) { known.choose(choice); rescaled.delete(known); continue; }
      const made = new EditorHeatmap(editor, choice, { worker: this.parts.tokens.get(), colours: this.colours, scale: (measure) => this.scale(measure), painted: () => { this.changed.fire(); }, failed: (error) => { this.failed(editor, error); } });
      this.editors.set(editor, made);
      made.refresh(0);
    }
    for (const each of rescaled) each.refresh(0);
    this.letGo();
    this.changed.fire();
  }

  /** Colours of a kind of scale that nobody shows any more, once what shows them has been repainted. */
  private letGo(): void {
    const kinds = [...new Set(this.shown.map(({ choice }) => this.scale(choice.measure).signed))];
    if (kinds.length === 0) this.colours.keep([]);
    else this.keeping ??= setTimeout(() => { this.keeping = undefined; this.colours.keep([...new Set(this.shown.map(({ choice }) => this.scale(choice.measure).signed))]); }, 1000);
  }

  override dispose(): void {
    clearTimeout(this.keeping);
    super.dispose();
  }

  private failed(editor: vscode.TextEditor, error: unknown): void {
    this.hide(editor.document.uri);
    void this.parts.errors.report(error);
  }
}
