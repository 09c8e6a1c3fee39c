import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import { columnNames, csvForm, leavesQuoteOpen, TSV } from "../../experiment/tableForm.ts";
import type { RowReading } from "../../experiment/templateParts.ts";
import {
  documentKindOf,
  rowTexts,
  type DocumentKind,
  type TableHead,
  type DocumentRow,
} from "../../heatmap/rowTexts.ts";
import { tableCells } from "../../heatmap/tableFields.ts";
import type { PlacedText } from "../../heatmap/placedText.ts";
import type { Yielder } from "../window/yielder.ts";

/** An experiment file longer than this is not read as a whole. */
const LONGEST_WHOLE = 400_000;
/** A quoted cell that is not closed within so many lines and units is taken for a stray quote. */
const MOST_LINES = 200;
const MOST_UNITS = 100_000;
/** Lines that may be looked at in between, while somebody types. */
const NEAR = 2000;

/** A table's header, and the first line of its rows. */
interface Top {
  head: TableHead;
  rows: number;
}

/**
 * A document as records: a line each, but for tables whose quoted cells go over lines, and experiments, which are one.
 */
export class DocumentRows {
  readonly kind: DocumentKind;
  /** whether each line of a table begins inside a quoted cell, as far as was looked at; a record begins at the last */
  private open: boolean[] = [false];
  private known: Top | undefined;

  /** @param headerless columns of a TSV that may have no header */
  constructor(
    private readonly document: TextDocument,
    private readonly headerless?: readonly string[],
  ) {
    this.kind = documentKindOf(document.fileName);
  }

  private get isTable(): boolean {
    return this.kind === "csv" || this.kind === "tsv";
  }

  /** Forgets what an edit may have changed. */
  changed(changes: readonly TextDocumentContentChangeEvent[]): void {
    const first = Math.min(...changes.map(({ range }) => range.start.line));
    // What was said of a line hangs on those after it, as far as a quote is looked for.
    this.open.length = Math.max(1, Math.min(this.open.length, first - MOST_LINES));
    while (this.open.length > 1 && this.open.at(-1) === true) this.open.pop();
    if (this.known !== undefined && first <= this.known.rows + MOST_LINES) this.known = undefined;
  }

  /** Lines up to the end of the record that says how rows are read; only tables have one. */
  get headLines(): number {
    return this.isTable ? Math.max(1, this.top().rows) : 0;
  }

  /** How a table's rows are read; undefined for what is no table. */
  head(): TableHead | undefined {
    return this.isTable ? this.top().head : undefined;
  }

  /** What the first record that is not empty says of the others. */
  private top(): Top {
    if (this.known !== undefined) return this.known;
    let line = 0;
    while (line < this.document.lineCount - 1 && this.document.lineAt(line).text.trim() === "") line++;
    const [first] = this.document.lineCount > 0 ? this.between(line, line) : [];
    const text = first?.text ?? "";
    const form = this.kind === "csv" ? csvForm(text) : TSV;
    const columns = columnNames(tableCells(text, form).map((cell) => cell.text));
    const { headerless } = this;
    const isRow = this.kind === "tsv" && headerless !== undefined && !columns.some((name) => headerless.includes(name));
    return (this.known = isRow
      ? { head: { form, columns: headerless }, rows: line }
      : { head: { form, columns }, rows: line + (first?.lines ?? 1) });
  }

  /** Records that touch lines `from` to `to` (both counted), in order; of a table not its header. */
  rowsIn(from: number, to: number): DocumentRow[] {
    const records = this.between(from, to);
    if (!this.isTable) return records;
    const { rows } = this.top();
    return records.filter(({ line }) => line >= rows);
  }

  /** What a model would read of a record. */
  texts(record: DocumentRow, { reading, fields }: RowReading): PlacedText[] {
    return rowTexts(record, { kind: this.kind, reading, fields, head: this.head() });
  }

  /** Whether the records down to a line are found at once. */
  isNear(line: number): boolean {
    return this.kind !== "csv" || line < this.open.length + NEAR;
  }

  /** Finds the records down to a line, in parts. */
  async find(line: number, yielder: Yielder): Promise<void> {
    if (this.kind !== "csv") return;
    while (this.open.length <= Math.min(line, this.document.lineCount - 1)) {
      this.look(this.open.length + MOST_LINES);
      await yielder.yieldIfDue();
    }
  }

  private between(from: number, to: number): DocumentRow[] {
    const { document } = this;
    const last = document.lineCount - 1;
    if (this.kind === "experiment") {
      const text = Array.from({ length: document.lineCount }, (_, i) => document.lineAt(i).text).join("\n");
      return text.length > LONGEST_WHOLE ? [] : [{ line: 0, lines: document.lineCount, text }];
    }
    if (this.kind !== "csv")
      return Array.from({ length: Math.max(0, Math.min(to, last) - from + 1) }, (_, i) => ({
        line: from + i,
        lines: 1,
        text: document.lineAt(from + i).text,
      }));
    let line = Math.min(from, last);
    this.look(line);
    while (line > 0 && this.open[line] === true) line--;
    const records: DocumentRow[] = [];
    while (line <= Math.min(to, last)) {
      const texts = [document.lineAt(line).text];
      for (this.look(line + 1); line + texts.length <= last && this.open[line + texts.length] === true;)
        texts.push(document.lineAt(line + texts.length).text);
      const bare = texts.length === 1 && leavesQuoteOpen(texts[0]!, false);
      records.push({ line, lines: texts.length, text: texts.join("\n"), ...(bare && { bare }) });
      line += texts.length;
    }
    return records;
  }

  /** Finds out how the lines up to this one begin. */
  private look(line: number): void {
    while (this.open.length <= Math.min(line, this.document.lineCount - 1)) this.lookAtRecord();
  }

  /** One record more: to the line that closes its quotes; where none does, it is its first line alone. */
  private lookAtRecord(): void {
    const start = this.open.length - 1;
    const end = Math.min(this.document.lineCount, start + MOST_LINES);
    for (let line = start, units = 0, open = false; line < end && units <= MOST_UNITS; line++) {
      const { text } = this.document.lineAt(line);
      open = leavesQuoteOpen(text, open);
      units += text.length + 1;
      if (open) continue;
      for (let inside = start; inside < line; inside++) this.open.push(true);
      break;
    }
    this.open.push(false);
  }
}
