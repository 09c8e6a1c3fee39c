import * as vscode from "vscode";
import type { TokenWorker } from "../../executor/tokenWorker.ts";
import { colouredRanges, rangesToPaint, type PaintedRanges } from "../../heatmap/colouredRanges.ts";
import type { ColourScale } from "../../heatmap/colourScale.ts";
import type { PlacedToken } from "../../heatmap/placedTokens.ts";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import { Viewport } from "../../heatmap/viewport.ts";
import type { Measure } from "../../protocol/measures.ts";
import { Yielder } from "../window/yielder.ts";
import { DocumentRows } from "./documentRows.ts";
import type { HeatmapChoice } from "./heatmapChoice.ts";
import type { HeatmapDecorations } from "./heatmapDecorations.ts";
import { RowTokenReader } from "./rowTokenReader.ts";
import { visibleTokens, type ShownRow } from "./visibleTokens.ts";

/** Lines above and below the visible ones that are read too, so that colours are there after a small scroll. */
const MARGIN = 40;
/** Characters of the rows in the margin beyond which the margin is not read. */
const MOST_IN_MARGIN = 200_000;
/** Coloured ranges that an editor gets at most: VS Code becomes slow with more. */
const MOST_RANGES = 2000;

/** Tokens of one character that are told; more can stand for a character that a tokenizer rewrites. */
const MOST_AT_ONCE = 8;

/** What an editor's heatmap works with. */
export interface HeatmapParts {
  worker: TokenWorker;
  decorations: HeatmapDecorations;
  /** Returns the scale that all visible heatmaps of a measure share. */
  scale: (measure: Measure) => ColourScale;
  failed: (error: unknown) => void;
  /** Called if the run has other tensors than when it was opened. */
  outdated: () => void;
  /** Called after each painting. */
  painted: () => void;
}

/** The heatmap of one editor: reads the tokens in and near the visible part, and paints those that are read. */
export class EditorHeatmap {
  private rows: DocumentRows;
  private readonly reader: RowTokenReader;
  private timer: NodeJS.Timeout | undefined;
  /** Number of the newest read; answers to earlier ones are dropped. */
  private generation = 0;
  /** Whether the scale of the last painting was signed. */
  private paintedSigned: boolean | undefined;
  /** What the last painting coloured. */
  painted: PaintedRanges | undefined;
  private shown: readonly ShownRow[] = [];

  constructor(
    readonly editor: vscode.TextEditor,
    private selected: HeatmapChoice,
    private readonly parts: HeatmapParts,
  ) {
    this.rows = new DocumentRows(editor.document, selected.opened.headerless);
    this.reader = new RowTokenReader({
      worker: parts.worker,
      choice: () => this.selected,
      rows: () => this.rows,
      outdated: parts.outdated,
    });
  }

  get choice(): HeatmapChoice {
    return this.selected;
  }

  /** Whether visible rows are read as the run's task makes its input from them. */
  get readsTask(): boolean {
    return this.shown.some(({ tokens }) => tokens.asTask);
  }

  /** Shows another run or measure. */
  choose(choice: HeatmapChoice): void {
    this.selected = choice;
    this.rows = new DocumentRows(this.editor.document, choice.opened.headerless);
    this.forget();
    this.refresh(0);
  }

  /** Drops all tokens, and the answer under way, which would be an answer to another question. */
  private forget(): void {
    this.generation++;
    this.reader.clear();
  }

  /** Follows an edit: paints rows whose tokens are cached at their new lines, and reads the others after a moment. */
  edited(changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    // The head of a table says how its rows are read.
    if (changes.some(({ range }) => range.start.line < this.rows.headLines)) this.forget();
    if (changes.length > 0) this.rows.edited(changes);
    // If the rows far below an edit are not found yet, VS Code moves their colours until they are.
    if (this.rows.isNear(this.viewport(0).lineRanges.at(-1)?.[1] ?? 0)) this.paintCached();
    else this.shown = [];
    this.refresh(60);
  }

  /** Reads and paints the visible part once nothing has changed for some milliseconds. */
  refresh(milliseconds = 60): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.read();
    }, milliseconds);
  }

  /** Returns the tokens at a position of the document: several where a tokenizer splits a character. */
  tokensAt({ line, character }: vscode.Position): PlacedToken[] {
    const found = this.shown.find(({ row }) => line >= row.line && line < row.line + row.lines);
    const tokens = found?.tokens
      .placedTokens()
      .filter((each) => each.line + found.row.line === line && character >= each.from && character < each.to);
    return (tokens ?? []).slice(0, MOST_AT_ONCE).map((token) => ({ ...token, line }));
  }

  /** Returns all tokens in and near the visible part, in document order. */
  tokens(): PlacedToken[] {
    return this.shown.flatMap(({ row, tokens }) =>
      tokens.placedTokens().map((token) => ({ ...token, line: token.line + row.line })),
    );
  }

  /** Removes the colours. */
  clear(): void {
    this.generation++;
    clearTimeout(this.timer);
    this.painted = undefined;
    this.shown = [];
    for (const type of this.parts.decorations.all()) this.editor.setDecorations(type, []);
  }

  private viewport(margin: number): Viewport {
    const {
      document,
      visibleRanges,
      selection: { active },
    } = this.editor;
    return new Viewport(
      visibleRanges.map(({ start, end }) => ({
        from: { line: start.line, column: start.character },
        to: { line: end.line, column: end.character },
      })),
      {
        lineCount: document.lineCount,
        margin,
        cursor: { line: active.line, column: active.character },
        lengthOf: (line) => document.lineAt(line).text.length,
      },
    );
  }

  /** Reads the visible part first, then the margin around it if that is not too much. */
  private async read(): Promise<void> {
    const generation = ++this.generation;
    const isCurrent = (): boolean => generation === this.generation;
    try {
      for (const margin of [0, MARGIN]) {
        const viewport = this.viewport(margin);
        const yielder = new Yielder();
        await this.rows.findUpTo(viewport.lineRanges.at(-1)?.[1] ?? 0, yielder);
        if (!isCurrent()) return;
        const rows = this.rowsWithin(viewport);
        if (margin > 0 && rows.reduce((sum, { text }) => sum + text.length, 0) > MOST_IN_MARGIN) return;
        if (margin === 0) this.reader.pin(rows);
        const count = await this.reader.read(rows, viewport, { isCurrent, yielder });
        if (count === undefined) return;
        // Painting the visible part has already painted what was cached of the margin.
        if (margin === 0 || count > 0) this.paintCached();
      }
    } catch (error) {
      if (isCurrent()) this.parts.failed(error);
    }
  }

  private rowsWithin(viewport: Viewport): DocumentRow[] {
    const found = new Map(
      viewport.lineRanges.flatMap(([first, last]) => this.rows.rowsIn(first, last).map((row) => [row.line, row])),
    );
    return [...found.values()];
  }

  /** Paints the cached tokens of the visible part and its margin; without the margin if that is too much. */
  private paintCached(): void {
    const scale = this.parts.scale(this.selected.measure);
    const withMargin = this.viewport(MARGIN);
    const visible = this.viewport(0);
    this.shown = this.cachedRows(withMargin);
    const ranges = colouredRanges(visibleTokens(this.shown, withMargin), scale, MOST_RANGES);
    if (ranges.length > MOST_RANGES) this.shown = this.cachedRows(visible);
    const painted: PaintedRanges =
      ranges.length <= MOST_RANGES
        ? { ranges, detail: "tokens", columns: undefined }
        : this.visibleRangesToPaint(visible, scale);
    this.painted = { ...painted, columns: painted.columns ?? this.readColumns(visible) };
    this.decorate(scale);
    this.parts.painted();
  }

  private visibleRangesToPaint(visible: Viewport, scale: ColourScale): PaintedRanges {
    const { active } = this.editor.selection;
    return rangesToPaint(visibleTokens(this.shown, visible), scale, {
      mostRanges: MOST_RANGES,
      cursor: { line: active.line, column: active.character },
      textOf: (line) => this.editor.document.lineAt(line).text,
      startOf: (line) => visible.columns(line)[0]?.[0] ?? 0,
    });
  }

  /** Returns how many columns of each line are read if a line is too long to be read as a whole. */
  private readColumns(visible: Viewport): number | undefined {
    const isCut = this.shown.some(
      ({ row, tokens }) => !tokens.isComplete && visible.wrappedColumns(row.line) === undefined,
    );
    return isCut ? visible.leadingColumns : undefined;
  }

  private cachedRows(viewport: Viewport): ShownRow[] {
    return this.rowsWithin(viewport).flatMap((row) => {
      const tokens = this.reader.cached(row);
      return tokens === undefined ? [] : [{ row, tokens }];
    });
  }

  private decorate({ signed }: ColourScale): void {
    const types = this.parts.decorations.typesOf(signed);
    const ranges = new Map([...types.keys()].map((bin) => [bin, [] as vscode.Range[]]));
    for (const { line, from, to, bin } of this.painted?.ranges ?? [])
      ranges.get(bin)?.push(new vscode.Range(line, from, line, to));
    for (const [bin, type] of types) this.editor.setDecorations(type, ranges.get(bin) ?? []);
    // Removes the colours of a measure with the other kind of scale.
    if (this.paintedSigned !== undefined && this.paintedSigned !== signed)
      for (const type of this.parts.decorations.typesOf(this.paintedSigned).values())
        this.editor.setDecorations(type, []);
    this.paintedSigned = signed;
  }
}
