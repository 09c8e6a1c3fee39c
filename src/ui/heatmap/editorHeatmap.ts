import * as vscode from "vscode";
import type { TokenWorker } from "../../executor/tokenWorker.ts";
import type { ColourScale } from "../../heatmap/colourScale.ts";
import { RowTokensCache } from "../../heatmap/rowTokensCache.ts";
import type { Measure } from "../../protocol/measures.ts";
import type { OpenedRun } from "../../protocol/heatmapQuestions.ts";
import { MOST_TEXTS, MOST_UNITS } from "../../protocol/questionSize.ts";
import { colouredRanges, paint, type Painted, type PlacedToken } from "../../heatmap/colouredRanges.ts";
import { RowTokens, type TextChunk } from "../../heatmap/rowTokens.ts";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import { Viewport, type ColumnRange } from "../../heatmap/viewport.ts";
import { DocumentRows } from "./documentRows.ts";
import type { HeatmapColours } from "./heatmapColours.ts";
import type { Run } from "../runs/runsModel.ts";
import { Yielder } from "../window/yielder.ts";

/**
 * Lines around the visible ones that are read too, so that a small scroll finds its colours; units of them beyond which
 * they are not.
 */
const MARGIN = 40;
const MOST_AROUND = 200_000;
const MOST_RANGES = 2000;
/** Units of a row of data beyond which it is not taken apart. */
const LONGEST_ROW = 1_000_000;

export interface HeatmapChoice {
  run: Run;
  opened: OpenedRun;
  measure: Measure;
}
/** `scale`: what all heatmaps in sight share; `outdated`: the run has other tensors than when it was opened. */
export interface HeatmapParts {
  worker: TokenWorker;
  colours: HeatmapColours;
  scale: (measure: Measure) => ColourScale;
  failed: (error: unknown) => void;
  outdated: () => void;
  painted: () => void;
}

interface ShownRow {
  record: DocumentRow;
  tokens: RowTokens;
}

/** One editor's heatmap: reads what is in sight, asks for what it does not know yet, and paints what it knows. */
export class EditorHeatmap {
  private records: DocumentRows;
  private readonly known = new RowTokensCache();
  private timer: NodeJS.Timeout | undefined;
  private generation = 0;
  /** the kind of scale that was painted last */
  private signed: boolean | undefined;
  /** how what is in sight is painted, and the records of it */
  painted: Painted | undefined;
  private shown: readonly ShownRow[] = [];

  constructor(
    readonly editor: vscode.TextEditor,
    private selected: HeatmapChoice,
    private readonly parts: HeatmapParts,
  ) {
    this.records = new DocumentRows(editor.document, selected.opened.headerless);
  }

  get choice(): HeatmapChoice {
    return this.selected;
  }
  /** Whether rows in sight are read as the run's task makes its input of them. */
  get readsTask(): boolean {
    return this.shown.some(({ tokens }) => tokens.asTask);
  }

  choose(choice: HeatmapChoice): void {
    this.selected = choice;
    this.records = new DocumentRows(this.editor.document, choice.opened.headerless);
    this.forget();
    this.refresh(0);
  }

  /**
   * What was read is void, and so is what is under way: an answer to the old question would stand under the new one.
   */
  private forget(): void {
    this.generation++;
    this.known.clear();
  }

  /**
   * The text is another: what is still known of it is painted at once where it stands now, the rest is bare until it is
   * read.
   */
  edited(changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    // The first record of a table says how the others are read.
    if (changes.some(({ range }) => range.start.line < this.records.headLines)) this.forget();
    if (changes.length > 0) this.records.changed(changes);
    // Far below an edit VS Code moves the colours itself until the lines between are looked at again.
    if (this.records.isNear(this.sight(0).parts.at(-1)?.[1] ?? 0)) this.paintKnown();
    else this.shown = [];
    this.refresh(60);
  }

  /** Reads and paints what is in sight, after a moment of rest. */
  refresh(milliseconds = 60): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.read();
    }, milliseconds);
  }

  /** The token at a place. */
  tokenAt({ line, character }: vscode.Position): PlacedToken | undefined {
    const found = this.shown.find(({ record }) => line >= record.line && line < record.line + record.lines);
    const spot = found?.tokens
      .spots()
      .find((each) => each.line + found.record.line === line && character >= each.from && character < each.to);
    return spot && { ...spot, line };
  }

  /** Every token in sight, in order. */
  tokens(): PlacedToken[] {
    return this.shown.flatMap(({ record, tokens }) =>
      tokens.spots().map((spot) => ({ ...spot, line: spot.line + record.line })),
    );
  }

  /** Takes the colours away. */
  clear(): void {
    this.generation++;
    clearTimeout(this.timer);
    this.painted = undefined;
    this.shown = [];
    for (const type of this.parts.colours.all()) this.editor.setDecorations(type, []);
  }

  private sight(margin: number): Viewport {
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

  /** First what is seen, then what is around it, where that is not too much. */
  private async read(): Promise<void> {
    const generation = ++this.generation;
    try {
      for (const margin of [0, MARGIN]) {
        const sight = this.sight(margin);
        const yielder = new Yielder();
        await this.records.find(sight.parts.at(-1)?.[1] ?? 0, yielder);
        if (generation !== this.generation) return;
        const records = this.within(sight);
        if (margin > 0 && records.reduce((sum, { text }) => sum + text.length, 0) > MOST_AROUND) return;
        if (margin === 0) this.known.pin(records.map(({ text }) => text));
        const learnt = await this.learn(records, sight, { generation, yielder });
        if (learnt === undefined) return;
        // What is known around it was painted with what is seen.
        if (margin === 0 || learnt > 0) this.paintKnown();
      }
    } catch (error) {
      if (generation === this.generation) this.parts.failed(error);
    }
  }

  private within(sight: Viewport): DocumentRow[] {
    const found = new Map(
      sight.parts.flatMap(([first, last]) => this.records.rowsIn(first, last).map((record) => [record.line, record])),
    );
    return [...found.values()];
  }

  /**
   * Asks for the tokens that are not known, until all that have a value are.
   * @returns how many parts were not, undefined when something newer is under way
   */
  private async learn(
    records: readonly DocumentRow[],
    sight: Viewport,
    { generation, yielder }: { generation: number; yielder: Yielder },
  ): Promise<number | undefined> {
    let learnt = 0;
    let wanted = records.map((record) => ({ record, windows: windowsOf(record, sight) }));
    while (wanted.length > 0) {
      const missing: { tokens: RowTokens; cell: TextChunk }[] = [];
      const lacking: typeof wanted = [];
      const asked = new Set<RowTokens>();
      for (const each of wanted) {
        const tokens = this.known.get(each.record.text) ?? this.known.add(each.record.text, this.tokensOf(each.record));
        const cells = tokens.missing(each.windows);
        if (cells.length > 0) lacking.push(each);
        // Rows that are alike are asked for once.
        if (!asked.has(tokens)) missing.push(...cells.map((cell) => ({ tokens, cell })));
        asked.add(tokens);
        await yielder.yieldIfDue();
        if (generation !== this.generation) return undefined;
      }
      learnt += missing.length;
      for (const part of batches(missing)) {
        if (!(await this.ask(part, generation))) return undefined;
        // Where their tokens stand is found out here, not all at once when they are painted.
        for (const { tokens } of part) {
          tokens.spots();
          await yielder.yieldIfDue();
        }
      }
      wanted = lacking;
    }
    this.known.trim();
    return generation === this.generation ? learnt : undefined;
  }

  private tokensOf(record: DocumentRow): RowTokens {
    const { kind } = this.records;
    const { measure, opened } = this.selected;
    const isLong = (kind === "jsonl" || kind === "csv" || kind === "tsv") && record.text.length > LONGEST_ROW;
    return new RowTokens(record, isLong ? [] : this.records.texts(record, opened), {
      most: opened.maxSourceLength - opened.added,
      places: measure === "position" ? (opened.places ?? []) : undefined,
    });
  }

  private async ask(part: readonly { tokens: RowTokens; cell: TextChunk }[], generation: number): Promise<boolean> {
    const { run, opened, measure } = this.selected;
    const { rows, stamp } = await this.parts.worker.encode({
      run: run.directory.path,
      measure,
      texts: part.map(({ cell }) => cell.content),
    });
    if (generation !== this.generation) return false;
    if (stamp !== opened.stamp) {
      this.parts.outdated();
      return false;
    }
    part.forEach(({ tokens, cell }, i) => {
      tokens.learn(cell, rows[i]!);
    });
    return true;
  }

  /** Paints what is known of what is in sight; if that is too much, without what is around it. */
  private paintKnown(): void {
    const scale = this.parts.scale(this.selected.measure);
    const { active } = this.editor.selection;
    const [wide, sight] = [this.sight(MARGIN), this.sight(0)];
    this.shown = this.knownIn(wide);
    const around = colouredRanges(seenOf(this.shown, wide), scale, MOST_RANGES);
    if (around.length > MOST_RANGES) this.shown = this.knownIn(sight);
    const painted: Painted =
      around.length <= MOST_RANGES
        ? { ranges: around, detail: "tokens", columns: undefined }
        : paint(seenOf(this.shown, sight), scale, {
            most: MOST_RANGES,
            cursor: { line: active.line, column: active.character },
            textOf: (line) => this.editor.document.lineAt(line).text,
            startOf: (line) => sight.columns(line)[0]?.[0] ?? 0,
          });
    // Of a long line only a part is read: that is said too.
    this.painted = {
      ...painted,
      columns:
        painted.columns ??
        (this.shown.some(({ record, tokens }) => !tokens.isWhole && sight.wrapped(record.line) === undefined)
          ? sight.lead
          : undefined),
    };
    this.decorate(scale);
    this.parts.painted();
  }

  private knownIn(sight: Viewport): ShownRow[] {
    return this.within(sight).flatMap((record) => {
      const tokens = this.known.get(record.text);
      return tokens === undefined ? [] : [{ record, tokens }];
    });
  }

  private decorate({ signed }: ColourScale): void {
    const types = this.parts.colours.of(signed);
    const ranges = new Map([...types.keys()].map((bin) => [bin, [] as vscode.Range[]]));
    for (const { line, from, to, bin } of this.painted?.ranges ?? [])
      ranges.get(bin)?.push(new vscode.Range(line, from, line, to));
    for (const [bin, type] of types) this.editor.setDecorations(type, ranges.get(bin) ?? []);
    // What another measure had painted here.
    if (this.signed !== undefined && this.signed !== signed)
      for (const type of this.parts.colours.of(this.signed).values()) this.editor.setDecorations(type, []);
    this.signed = signed;
  }
}

/** The tokens of records that are among the columns read: each is made once, when somebody gets so far. */
function seenOf(shown: readonly ShownRow[], sight: Viewport): Iterable<PlacedToken> {
  const made: PlacedToken[] = [];
  let record = 0;
  let spot = 0;
  const next = (): PlacedToken | undefined => {
    for (; record < shown.length; record++, spot = 0) {
      const {
        record: { line: first },
        tokens,
      } = shown[record]!;
      const spots = tokens.spots();
      while (spot < spots.length) {
        const own = spots[spot++]!;
        const line = own.line + first;
        if (!sight.has(line, own)) continue;
        const placed = { ...own, line };
        made.push(placed);
        return placed;
      }
    }
    return undefined;
  };
  return {
    *[Symbol.iterator]() {
      for (let i = 0; ; i++) {
        const each = made[i] ?? next();
        if (each === undefined) return;
        yield each;
      }
    },
  };
}

/** The parts of a record that are to be read. */
function windowsOf({ line, text, lines }: DocumentRow, sight: Viewport): ColumnRange[] {
  const windows: ColumnRange[] = [];
  for (let at = line, start = 0; at < line + lines; at++) {
    const next = at + 1 < line + lines ? text.indexOf("\n", start) : text.length;
    for (const [from, to] of sight.columns(at))
      if (start + from < next) windows.push([start + from, Math.min(next, start + to)]);
    start = next + 1;
  }
  return windows;
}

/** Questions that are each answered soon. */
function batches<T extends { cell: TextChunk }>(missing: readonly T[]): T[][] {
  const made: T[][] = [];
  let units = 0;
  for (const each of missing) {
    const last = made.at(-1);
    units += each.cell.content.length;
    if (last === undefined || units > MOST_UNITS || last.length >= MOST_TEXTS) {
      made.push([each]);
      units = each.cell.content.length;
    } else last.push(each);
  }
  return made;
}
