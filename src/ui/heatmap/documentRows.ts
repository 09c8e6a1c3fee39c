import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import {
  columnNames,
  csvForm,
  leavesQuoteOpen,
  sepLine,
  TSV,
  tsvForm,
  type TableForm,
} from "../../experiment/tableForm.ts";
import type { RowReading } from "../../experiment/templateParts.ts";
import { documentKindOf, type DocumentKind } from "../../heatmap/documentKind.ts";
import type { PlacedText } from "../../heatmap/placedText.ts";
import { rowTexts, type DocumentRow, type TableHead } from "../../heatmap/rowTexts.ts";
import { tableCells } from "../../heatmap/tableFields.ts";
import type { Yielder } from "../window/yielder.ts";

/** Characters of an experiment file beyond which it is not read. */
const LONGEST_EXPERIMENT = 400_000;
/** A quote that is not closed within this many lines and characters is taken for an ordinary character. */
const MOST_LINES = 200;
const MOST_CHARACTERS = 100_000;
/** Lines by which the form of a .tsv is told. */
const FORM_LINES = 2000;
/** Lines of a table that may be scanned at once while the user types. */
const NEAR = 2000;

/** A table's head, and the first line after it. */
interface TableTop {
  head: TableHead;
  firstRow: number;
}

/**
 * Splits an editor's document into rows. A row is one line; a row of a table with quoted cells goes on while one is
 * open; an experiment file is one row.
 */
export class DocumentRows {
  readonly kind: DocumentKind;
  /** Whether each scanned line of a .csv begins inside a quoted cell. The last one begins a row. */
  private insideQuotes: boolean[] = [false];
  private cachedTop: TableTop | undefined;
  private tsvQuotes: boolean | undefined;

  /** @param headerless column names of a .tsv that may have no header */
  constructor(
    private readonly document: TextDocument,
    private readonly headerless?: readonly string[],
  ) {
    this.kind = documentKindOf(document.fileName);
  }

  /** Whether quotes enclose cells: always in a .csv, in a .tsv where its rows say so. */
  private get quotes(): boolean {
    if (this.kind !== "tsv") return this.kind === "csv";
    const { document } = this;
    const lines = Math.min(document.lineCount, FORM_LINES);
    return (this.tsvQuotes ??= tsvForm(
      Array.from({ length: lines }, (_, i) => document.lineAt(i).text).join("\n"),
    ).quotes);
  }

  private get isTable(): boolean {
    return this.kind === "csv" || this.kind === "tsv";
  }

  /** Drops what an edit may have invalidated. */
  edited(changes: readonly TextDocumentContentChangeEvent[]): void {
    const first = Math.min(...changes.map(({ range }) => range.start.line));
    if (first < FORM_LINES) this.tsvQuotes = undefined;
    // Whether a quote is closed depends on up to MOST_LINES lines after it.
    this.insideQuotes.length = Math.max(1, Math.min(this.insideQuotes.length, first - MOST_LINES));
    while (this.insideQuotes.length > 1 && this.insideQuotes.at(-1) === true) this.insideQuotes.pop();
    if (this.cachedTop !== undefined && first <= this.cachedTop.firstRow + MOST_LINES) this.cachedTop = undefined;
  }

  /** Number of lines whose edit changes how all rows are read: a table's head. */
  get headLines(): number {
    return this.isTable ? Math.max(1, this.top().firstRow) : 0;
  }

  /** Returns the head of a table, undefined if the document is not a table. */
  head(): TableHead | undefined {
    return this.isTable ? this.top().head : undefined;
  }

  /** Reads the head of a table from its first line that is not blank. */
  private top(): TableTop {
    if (this.cachedTop !== undefined) return this.cachedTop;
    let line = 0;
    while (line < this.document.lineCount - 1 && this.document.lineAt(line).text.trim() === "") line++;
    const form = this.form(line);
    if (this.kind === "csv" && sepLine(this.lineText(line)) !== undefined) line++;
    const [first] = line < this.document.lineCount ? this.between(line, line) : [];
    const text = first?.text ?? "";
    const columns = columnNames(tableCells(text, form).map((cell) => cell.text));
    const { headerless } = this;
    const hasNoHeader =
      this.kind === "tsv" && headerless !== undefined && !columns.some((name) => headerless.includes(name));
    return (this.cachedTop = hasNoHeader
      ? { head: { form, columns: headerless }, firstRow: line }
      : { head: { form, columns }, firstRow: line + (first?.lines ?? 1) });
  }

  private lineText(line: number): string {
    return line < this.document.lineCount ? this.document.lineAt(line).text : "";
  }

  /** The form of a table whose header, or Excel's line before it, is at `line`. */
  private form(line: number): TableForm {
    if (this.kind === "tsv") return { ...TSV, quotes: this.quotes };
    return csvForm(this.document.lineCount > 0 ? (this.between(line, line)[0]?.text ?? "") : "");
  }

  /** Returns the rows that touch the lines `from` to `to` (inclusive), in order, without a table's header. */
  rowsIn(from: number, to: number): DocumentRow[] {
    const rows = this.between(from, to);
    if (!this.isTable) return rows;
    const { firstRow } = this.top();
    return rows.filter(({ line }) => line >= firstRow);
  }

  /** Returns the texts that a model reads of a row. */
  texts(row: DocumentRow, { reading, fields, turns }: RowReading): PlacedText[] {
    return rowTexts(row, { kind: this.kind, reading, fields, turns, head: this.head() });
  }

  /** Whether the rows down to a line can be found without a noticeable pause. */
  isNear(line: number): boolean {
    return !this.quotes || line < this.insideQuotes.length + NEAR;
  }

  /** Finds the rows down to a line, and lets other work run in between. */
  async findUpTo(line: number, yielder: Yielder): Promise<void> {
    if (!this.quotes) return;
    while (this.insideQuotes.length <= Math.min(line, this.document.lineCount - 1)) {
      this.scanTo(this.insideQuotes.length + MOST_LINES);
      await yielder.yieldIfDue();
    }
  }

  private between(from: number, to: number): DocumentRow[] {
    const { document } = this;
    const last = document.lineCount - 1;
    if (this.kind === "experiment") {
      const text = Array.from({ length: document.lineCount }, (_, i) => document.lineAt(i).text).join("\n");
      return text.length > LONGEST_EXPERIMENT ? [] : [{ line: 0, lines: document.lineCount, text }];
    }
    if (!this.quotes)
      return Array.from({ length: Math.max(0, Math.min(to, last) - from + 1) }, (_, i) => ({
        line: from + i,
        lines: 1,
        text: document.lineAt(from + i).text,
      }));
    return this.csvRowsBetween(from, Math.min(to, last));
  }

  private csvRowsBetween(from: number, to: number): DocumentRow[] {
    const { document } = this;
    const last = document.lineCount - 1;
    let line = Math.min(from, last);
    this.scanTo(line);
    while (line > 0 && this.insideQuotes[line] === true) line--;
    const rows: DocumentRow[] = [];
    while (line <= to) {
      const texts = [document.lineAt(line).text];
      for (this.scanTo(line + 1); line + texts.length <= last && this.insideQuotes[line + texts.length] === true;)
        texts.push(document.lineAt(line + texts.length).text);
      const unclosedQuote = texts.length === 1 && leavesQuoteOpen(texts[0]!, false);
      rows.push({ line, lines: texts.length, text: texts.join("\n"), ...(unclosedQuote && { unclosedQuote }) });
      line += texts.length;
    }
    return rows;
  }

  /** Finds out how the lines up to this one begin. */
  private scanTo(line: number): void {
    while (this.insideQuotes.length <= Math.min(line, this.document.lineCount - 1)) this.scanRow();
  }

  /** Scans one more row: to the line that closes its quotes, or its first line alone if none does. */
  private scanRow(): void {
    const start = this.insideQuotes.length - 1;
    const end = Math.min(this.document.lineCount, start + MOST_LINES);
    for (let line = start, characters = 0, open = false; line < end && characters <= MOST_CHARACTERS; line++) {
      const { text } = this.document.lineAt(line);
      open = leavesQuoteOpen(text, open);
      characters += text.length + 1;
      if (open) continue;
      for (let inside = start; inside < line; inside++) this.insideQuotes.push(true);
      break;
    }
    this.insideQuotes.push(false);
  }
}
