import * as vscode from "vscode";
import { sharedScale, type ColourScale } from "../../heatmap/colourScale.ts";
import type { RunStatus } from "../../record/events.ts";
import { MEASURES, type Measure } from "../../protocol/measures.ts";
import type { TokenDetails } from "../../protocol/heatmapQuestions.ts";
import type { PlacedToken } from "../../heatmap/colouredRanges.ts";
import { documentKindOf, type DocumentKind } from "../../heatmap/rowTexts.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { EditorHeatmap, type HeatmapChoice } from "./editorHeatmap.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import { HeatmapColours } from "./heatmapColours.ts";
import { Setting } from "../window/ids.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";
import { chosenOf, isEnabled } from "../window/settings.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";

/** The run whose heatmap was shown last. */
const LAST = "adept.heatmapRun";
const DATA: readonly DocumentKind[] = ["jsonl", "csv", "tsv"];

/**
 * One of several editors of a document, and the column that it was in last: an editor that is covered comes back there
 * as another.
 */
interface Beside {
  editor: vscode.TextEditor;
  column: vscode.ViewColumn | undefined;
}
interface Shown {
  uri: string;
  /** the editor that it was opened in beside another, undefined: wherever else the document is seen */
  beside: Beside | undefined;
  choice: HeatmapChoice;
  /** of the run, when its offsets were read */
  status: RunStatus;
}

/** A token under the cursor, as each run that is shown there has it. */
export interface TokenUnder {
  run: Run;
  spot: PlacedToken;
  measure: Measure;
  details: TokenDetails;
}

/** Norms of a token's offset and of its place's compare: they are both added to the embedding. */
const unitOf = (measure: Measure): Measure => (measure === "position" ? "norm" : measure);

/**
 * Which documents show which run's offsets, and everything that keeps their colours true. Nothing is shown, and no
 * process started, before it is asked for.
 */
export class Heatmaps extends DisposableStore {
  private readonly colours = this.register(new HeatmapColours());
  private readonly editors = new Map<vscode.TextEditor, EditorHeatmap>();
  private shown: Shown[] = [];
  /** documents whose heatmap was hidden by hand */
  private readonly hidden = new Set<string>();
  /** runs whose offsets are being read anew */
  private readonly opening = new Set<string>();
  private keeping: NodeJS.Timeout | undefined;
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly parts: {
      model: RunsModel;
      errors: ErrorReport;
      log: vscode.LogOutputChannel;
      tokens: SharedTokenWorker;
      state: vscode.Memento;
    },
  ) {
    super();
    const { window, workspace } = vscode;
    this.register(
      this.colours.onDidChange(() => {
        for (const each of this.editors.values()) each.refresh(0);
      }),
    );
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
      window.onDidChangeActiveTextEditor(() => {
        this.changed.fire();
      }),
    );
    this.register(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        for (const each of this.editors.values()) if (each.editor.document === document) each.edited(contentChanges);
      }),
    );
    this.register(
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) void this.showLast(editor.document);
      }),
    );
    this.register(
      workspace.onDidCloseTextDocument(({ uri }) => {
        this.hide(uri);
        this.hidden.delete(uri.toString());
      }),
    );
    this.register(
      parts.model.onDidChange(({ ids, list }) => {
        if (list) this.drop(({ choice }) => parts.model.find(choice.run.id) === undefined);
        // A run that goes on has other offsets than it had.
        for (const {
          choice: { run },
          status,
        } of this.shown)
          if (ids.includes(run.id) && parts.model.find(run.id)?.record.status !== status) void this.reopen(run);
      }),
    );
  }

  /** The heatmap of the active editor. */
  active(): EditorHeatmap | undefined {
    return vscode.window.activeTextEditor && this.editors.get(vscode.window.activeTextEditor);
  }

  /**
   * Shows a run's offsets over a document.
   * @param editor the one for it beside another run, undefined: wherever the document is seen
   * @throws UserError where the run has none
   */
  async show(
    { uri }: Pick<vscode.TextDocument, "uri">,
    run: Run,
    {
      editor,
      measure,
      signal,
    }: { editor?: vscode.TextEditor | undefined; measure?: Measure | undefined; signal?: AbortSignal } = {},
  ): Promise<void> {
    const { status } = run.record;
    const opened = await this.parts.tokens.get().open(run.directory.path);
    const own = MEASURES.filter((each) => opened.measures[each] !== undefined);
    const wished = [measure, chosenOf(Setting.heatmapMeasure, MEASURES)].find(
      (each) => each !== undefined && own.includes(each),
    );
    if (signal?.aborted === true) return;
    const choice: HeatmapChoice = { run, opened, measure: wished ?? own[0]! };
    const key = uri.toString();
    void this.parts.state.update(LAST, run.id);
    this.hidden.delete(key);
    this.shown = [
      ...this.shown.filter((each) => each.uri !== key || (editor !== undefined && each.beside?.editor !== editor)),
      { uri: key, beside: editor && { editor, column: editor.viewColumn }, choice, status },
    ];
    this.attach();
  }

  /** Another measure for the heatmaps of a document that have it. */
  measure(uri: vscode.Uri, measure: Measure): void {
    this.shown = this.shown.map((each) =>
      each.uri === uri.toString() && each.choice.opened.measures[measure] !== undefined
        ? { ...each, choice: { ...each.choice, measure } }
        : each,
    );
    this.attach();
  }

  /** Hides the heatmaps of a document, until one is asked for or the document is opened again. */
  hide(uri: vscode.Uri): void {
    this.hidden.add(uri.toString());
    this.drop((each) => each.uri === uri.toString());
  }

  hideAll(): void {
    for (const { uri } of this.shown) this.hidden.add(uri);
    this.drop(() => true);
  }

  /** The tokens at a place of a document, as each run shown there has them. */
  async under(document: vscode.TextDocument, position: vscode.Position): Promise<TokenUnder[]> {
    const found = [...this.editors.values()]
      .filter(({ editor }) => editor.document === document)
      .flatMap((each) => {
        const spot = each.tokenAt(position);
        return spot === undefined ? [] : [{ choice: each.choice, spot }];
      });
    const unique = found.filter(
      ({ choice }, i) => found.findIndex((each) => each.choice.run.id === choice.run.id) === i,
    );
    return Promise.all(
      unique.map(async ({ choice: { run, measure, opened }, spot }) => {
        const details = await this.parts.tokens.get().token(run.directory.path, spot.id, spot.place);
        if (details.stamp !== opened.stamp) void this.reopen(run);
        return { run, spot, measure, details };
      }),
    );
  }

  /** The scale of a measure, one for all runs in sight. */
  scale(measure: Measure): ColourScale {
    const scales = [...this.editors.values()].flatMap(({ choice }) =>
      unitOf(choice.measure) === unitOf(measure) ? (choice.opened.measures[choice.measure] ?? []) : [],
    );
    return scales.length === 0 ? { low: 0, high: 0, signed: false } : sharedScale(scales);
  }

  /** Where the user wishes so: the run chosen last, over a data file that is opened. */
  private async showLast(document: vscode.TextDocument): Promise<void> {
    const { workspace } = vscode;
    const run = this.parts.model.find(this.parts.state.get<string>(LAST) ?? "");
    if (
      run === undefined ||
      !workspace.isTrusted ||
      !isEnabled(Setting.heatmapOnOpen, document.uri, false) ||
      !DATA.includes(documentKindOf(document.fileName)) ||
      this.hidden.has(document.uri.toString()) ||
      this.shown.some(({ uri }) => uri === document.uri.toString())
    )
      return;
    try {
      await this.show(document, run);
    } catch (error) {
      this.parts.log.warn(error instanceof Error ? error.message : String(error));
    }
  }

  private drop(goes: (each: Shown) => boolean): void {
    if (!this.shown.some(goes)) return;
    this.shown = this.shown.filter((each) => !goes(each));
    this.attach();
  }

  /** The tensors of a run are others than when it was opened: what is shown of them is void. */
  private async reopen(run: Run): Promise<void> {
    const { id, directory } = run;
    const of = ({ choice }: Shown): boolean => choice.run.id === id;
    if (this.opening.has(id)) return;
    this.opening.add(id);
    try {
      let status: RunStatus;
      do {
        const now = (status = run.record.status);
        const opened = await this.parts.tokens.get().open(directory.path);
        const [first] = MEASURES.filter((each) => opened.measures[each] !== undefined);
        this.shown = this.shown.map((each) =>
          of(each)
            ? {
                ...each,
                status: now,
                choice: {
                  run,
                  opened,
                  measure: opened.measures[each.choice.measure] === undefined ? first! : each.choice.measure,
                },
              }
            : each,
        );
      } while (status !== run.record.status);
      this.attach();
    } catch (error) {
      // It has no offsets any more.
      this.parts.log.warn(error instanceof Error ? error.message : String(error));
      this.drop(of);
    } finally {
      this.opening.delete(id);
    }
  }

  /** An editor keeps its own run wherever it goes; what has none of its own has the document's. */
  private choiceFor(editor: vscode.TextEditor): HeatmapChoice | undefined {
    const own = this.shown.filter(({ uri }) => uri === editor.document.uri.toString());
    return (own.find(({ beside }) => beside?.editor === editor) ?? own.find(({ beside }) => beside === undefined))
      ?.choice;
  }

  /** Notes where editors are now, and which editor stands where one was that is gone. */
  private follow(visible: readonly vscode.TextEditor[]): void {
    for (const { uri, beside } of this.shown) {
      if (beside === undefined) continue;
      if (!visible.includes(beside.editor))
        beside.editor =
          visible.find(
            (each) =>
              each.document.uri.toString() === uri &&
              each.viewColumn === beside.column &&
              !this.shown.some((other) => other.beside?.editor === each),
          ) ?? beside.editor;
      if (visible.includes(beside.editor)) beside.column = beside.editor.viewColumn;
    }
  }

  /** Gives every visible editor the heatmap it is to have, and none that it is not. */
  private attach(): void {
    const visible = vscode.window.visibleTextEditors;
    this.follow(visible);
    const rescaled = new Set<EditorHeatmap>(this.editors.values());
    for (const [editor, heatmap] of this.editors) {
      if (visible.includes(editor) && this.choiceFor(editor) !== undefined) continue;
      heatmap.clear();
      this.editors.delete(editor);
      rescaled.delete(heatmap);
    }
    for (const editor of visible) {
      const choice = this.choiceFor(editor);
      const known = this.editors.get(editor);
      if (choice === undefined || known?.choice === choice) continue;
      if (known !== undefined) {
        known.choose(choice);
        rescaled.delete(known);
        continue;
      }
      const made: EditorHeatmap = new EditorHeatmap(editor, choice, {
        worker: this.parts.tokens.get(),
        colours: this.colours,
        scale: (measure) => this.scale(measure),
        painted: () => {
          this.changed.fire();
        },
        outdated: () => {
          void this.reopen(made.choice.run);
        },
        failed: (error) => {
          this.failed(editor, error);
        },
      });
      this.editors.set(editor, made);
      made.refresh(0);
    }
    for (const each of rescaled) each.refresh(0);
    this.letGo();
    this.changed.fire();
  }

  /** Colours of a kind of scale that nobody shows any more, once what shows them has been repainted. */
  private letGo(): void {
    if (this.kinds().length === 0) this.colours.keep([]);
    else
      this.keeping ??= setTimeout(() => {
        this.keeping = undefined;
        this.colours.keep(this.kinds());
      }, 1000);
  }

  /** The kinds of scale in sight. */
  private kinds(): boolean[] {
    return [...new Set([...this.editors.values()].map(({ choice }) => this.scale(choice.measure).signed))];
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
