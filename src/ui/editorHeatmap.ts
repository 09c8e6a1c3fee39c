import * as vscode from "vscode";
import type { TokenWorker } from "../executor/tokenWorker.ts";
import type { Scale } from "../heatmap/bins.ts";
import type { Measure } from "../heatmap/measures.ts";
import type { OpenedRun } from "../heatmap/protocol.ts";
import { paint, spotsOf, type Painted, type Spot } from "../heatmap/ranges.ts";
import { fitsReading, type TextRecord } from "../heatmap/records.ts";
import { DocumentRecords } from "./documentRecords.ts";
import type { HeatmapColours } from "./heatmapColours.ts";
import type { Run } from "./runsModel.ts";

/** Lines around the visible ones that are read too, so that a small scroll finds its colours. */
const MARGIN = 40;
const MOST_RANGES = 2000;
/** Columns of a wrapped line that are painted before and after those in sight. */
const AROUND = 1000;
/** Units of a text beyond which it is not read. */
const LONGEST_TEXT = 1_000_000;
/** Tokens kept, the longest unused let go first. */
const MOST_KEPT = 250_000;

export interface HeatmapChoice { run: Run; opened: OpenedRun; measure: Measure }
export interface HeatmapParts { worker: TokenWorker; colours: HeatmapColours; /** what all heatmaps in sight share */ scale: (measure: Measure) => Scale; failed: (error: unknown) => void; painted: () => void }

/** One editor's heatmap: reads what is in sight, asks for what it does not know yet, and paints what it knows. */
export class EditorHeatmap {
  private readonly records: DocumentRecords;
  /** the tokens of a record by its text, as if it stood in line 0; the last used last */
  private readonly known = new Map<string, Spot[]>();
  private kept = 0;
  private timer: NodeJS.Timeout | undefined;
  private generation = 0;
  /** the kind of scale that was painted last */
  private signed: boolean | undefined;
  /** how what is in sight is painted, and the tokens of it */
  painted: Painted | undefined;
  private shown: { record: TextRecord; spots: readonly Spot[] }[] = [];

  constructor(readonly editor: vscode.TextEditor, private selected: HeatmapChoice, private readonly parts: HeatmapParts) { this.records = new DocumentRecords(editor.document); }

  get choice(): HeatmapChoice { return this.selected; }
  /** Whether rows are read as the run's task makes its input of them. */
  get readsTask(): boolean { return fitsReading(this.columns(), this.selected.opened.reading); }

  choose(choice: HeatmapChoice): void {
    this.selected = choice;
    this.forget();
    this.refresh(0);
  }

  /** What was read is void, and so is what is under way: an answer to the old question would stand under the new one. */
  private forget(): void {
    this.generation++;
    this.known.clear();
    this.kept = 0;
  }

  /** The text is another: what is still known of it is painted at once where it stands now, the rest is bare until it is read. */
  edited(changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    // The first record says how the others are read: a table's header, the fields of the rows.
    if (changes.some(({ range }) => range.start.line < this.records.headLines)) this.forget();
    if (changes.length > 0) this.records.changed(changes);
    this.paintKnown();
    this.refresh(60);
  }

  /** Reads and paints what is in sight, after a moment of rest. */
  refresh(milliseconds = 60): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.read(); }, milliseconds);
  }

  /** The token at a place, and its record's first line. */
  tokenAt({ line, character }: vscode.Position): Spot | undefined {
    const found = this.shown.find(({ record }) => line >= record.line && line < record.line + record.lines);
    const spot = found?.spots.find((each) => each.line + found.record.line === line && character >= each.from && character < each.to);
    return spot && found && { ...spot, line };
  }

  /** Every token in sight, in order. */
  tokens(): Spot[] { return this.shown.flatMap(({ record, spots }) => spots.map((spot) => ({ ...spot, line: spot.line + record.line }))); }

  /** Takes the colours away. */
  clear(): void {
    this.generation++;
    clearTimeout(this.timer);
    this.painted = undefined;
    this.shown = [];
    for (const type of this.parts.colours.all()) this.editor.setDecorations(type, []);
  }

  private columns(): readonly string[] {
    if (this.records.kind !== "jsonl") return this.records.header();
    const first = this.records.in(0, 0)[0];
    return first === undefined ? [] : [...first.text.matchAll(/"([^"\\]+)"\s*:/g)].map(([, name]) => name!);
  }

  /** Of lines that are wrapped, VS Code says which columns are seen. */
  private inSight({ line, from, to }: Spot): boolean {
    const ranges = this.editor.visibleRanges, first = ranges[0]?.start, last = ranges.at(-1)?.end;
    return !(first !== undefined && line === first.line && to < first.character - AROUND) && !(last !== undefined && line === last.line && from > last.character + AROUND);
  }

  private lines(margin: number): [from: number, to: number] {
    const ranges = this.editor.visibleRanges, last = this.editor.document.lineCount - 1;
    const from = Math.min(...ranges.map(({ start }) => start.line)), to = Math.max(...ranges.map(({ end }) => end.line));
    return ranges.length === 0 ? [0, Math.min(last, 2 * MARGIN)] : [Math.max(0, from - margin), Math.min(last, to + margin)];
  }

  /** First what is seen, then what is around it. */
  private async read(): Promise<void> {
    const generation = ++this.generation;
    for (const margin of [0, MARGIN]) {
      try {
        const learnt = await this.learn(this.records.in(...this.lines(margin)), generation);
        if (learnt === undefined) return;
        // What is known around it was painted with what is seen.
        if (margin === 0 || learnt > 0) this.paintKnown();
      } catch (error) { if (generation === this.generation) this.parts.failed(error); return; }
    }
  }

  /** Asks for the tokens of records that are not known. @returns how many were not, undefined when something newer is under way */
  private async learn(records: readonly TextRecord[], generation: number): Promise<number | undefined> {
    const { run, opened, measure } = this.selected, missing = new Map(records.filter(({ text }) => !this.known.has(text)).map((record) => [record.text, record]));
    if (missing.size === 0) return generation === this.generation ? 0 : undefined;
    const placed = [...missing.values()].map((record) => ({ record, texts: this.records.texts(record, opened.reading) }));
    const cut = this.records.kind !== "prose" && this.records.kind !== "experiment" && this.readsTask, { rows } = await this.parts.worker.encode({ run: run.directory.path, measure, cut, texts: placed.flatMap(({ texts }) => texts.map(({ text }) => text.slice(0, LONGEST_TEXT))) });
    if (generation !== this.generation) return undefined;
    let at = 0;
    for (const { record, texts } of placed) this.keep(record.text, spotsOf({ ...record, line: 0 }, texts, rows.slice(at, at += texts.length)));
    return missing.size;
  }

  private keep(text: string, spots: Spot[]): void {
    this.kept += spots.length - (this.known.get(text)?.length ?? 0);
    this.known.set(text, spots);
    for (const [oldest, its] of this.known) {
      if (this.kept <= MOST_KEPT || oldest === text) break;
      this.known.delete(oldest);
      this.kept -= its.length;
    }
  }

  /** Paints what is known of what is in sight; if that is too much, without what is around it. */
  private paintKnown(): void {
    const scale = this.parts.scale(this.selected.measure), types = this.parts.colours.of(scale.signed), { active } = this.editor.selection;
    for (const margin of [MARGIN, 0]) {
      this.shown = this.records.in(...this.lines(margin)).flatMap((record) => { const spots = this.touch(record.text); return spots === undefined ? [] : [{ record, spots }]; });
      this.painted = paint(this.tokens().filter((spot) => this.inSight(spot)), scale, { most: MOST_RANGES, cursor: { line: active.line, column: active.character }, textOf: (line) => this.editor.document.lineAt(line).text });
      if (this.painted.detail === "tokens" && this.painted.columns === undefined) break;
    }
    const ranges = new Map([...types.keys()].map((bin) => [bin, [] as vscode.Range[]]));
    for (const { line, from, to, bin } of this.painted?.ranges ?? []) ranges.get(bin)?.push(new vscode.Range(line, from, line, to));
    for (const [bin, type] of types) this.editor.setDecorations(type, ranges.get(bin) ?? []);
    // What another measure had painted here.
    if (this.signed !== undefined && this.signed !== scale.signed) for (const type of this.parts.colours.of(this.signed).values()) this.editor.setDecorations(type, []);
    this.signed = scale.signed;
    this.parts.painted();
  }

  /** What is known of a record, which is used now. */
  private touch(text: string): Spot[] | undefined {
    const spots = this.known.get(text);
    if (spots !== undefined) { this.known.delete(text); this.known.set(text, spots); }
    return spots;
  }
}
