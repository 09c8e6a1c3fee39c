import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import { columnNames, csvForm, leavesQuoteOpen, TSV } from "../experiment/tableForm.ts";
import type { ReadingPart } from "../experiment/templateParts.ts";
import { kindOf, textsOf, type DocumentKind, type TableHead, type TextRecord } from "../heatmap/records.ts";
import { tableCells } from "../heatmap/tableFields.ts";
import type { PlacedText } from "../heatmap/placedText.ts";

/** An experiment file longer than this is not read as a whole. */
const LONGEST_WHOLE = 400_000;

/** A document as records: a line each, but for tables whose quoted cells go over lines, and experiments, which are one. */
export class DocumentRecords {
  readonly kind: DocumentKind;
  /** whether each line of a table begins inside a quoted cell, as far as was looked at */
  private open: boolean[] = [false];

  constructor(private readonly document: TextDocument) { this.kind = kindOf(document.fileName); }

  /** Forgets what an edit may have changed. */
  changed(changes: readonly TextDocumentContentChangeEvent[]): void {
    const first = Math.min(...changes.map(({ range }) => range.start.line));
    this.open.length = Math.max(1, Math.min(this.open.length, first + 1));
  }

  /** Lines of the record that says how rows are read; prose and experiments have none. */
  get headLines(): number { return this.kind === "prose" || this.kind === "experiment" || this.document.lineCount === 0 ? 0 : this.between(0, 0)[0]?.lines ?? 0; }

  /** How a table's rows are read, from its first record; undefined for what is no table. */
  head(): TableHead | undefined {
    if (this.kind !== "csv" && this.kind !== "tsv") return undefined;
    const text = this.document.lineCount > 0 ? this.between(0, 0)[0]?.text ?? "" : "", form = this.kind === "csv" ? csvForm(text) : TSV;
    return { form, columns: columnNames(tableCells(text, form).map((cell) => cell.text)) };
  }

  /** The columns of a table. */
  header(): readonly string[] { return this.head()?.columns ?? []; }

  /** Records that touch lines `from` to `to` (both counted), in order; of a table not its header. */
  in(from: number, to: number): TextRecord[] {
    const records = this.between(from, to);
    return this.kind === "csv" || this.kind === "tsv" ? records.filter(({ line }) => line > 0) : records;
  }

  /** What a model would read of a record. */
  texts(record: TextRecord, reading: readonly ReadingPart[] | undefined): PlacedText[] { return textsOf(record, { kind: this.kind, reading, head: this.head() }); }

  private between(from: number, to: number): TextRecord[] {
    const { document } = this, last = document.lineCount - 1;
    if (this.kind === "experiment") {
      const text = Array.from({ length: document.lineCount }, (_, i) => document.lineAt(i).text).join("\n");
      return text.length > LONGEST_WHOLE ? [] : [{ line: 0, lines: document.lineCount, text }];
    }
    if (this.kind !== "csv") return Array.from({ length: Math.min(to, last) - from + 1 }, (_, i) => ({ line: from + i, lines: 1, text: document.lineAt(from + i).text }));
    let line = Math.min(from, last);
    this.look(line);
    while (line > 0 && this.open[line] === true) line--;
    const records: TextRecord[] = [];
    while (line <= Math.min(to, last)) {
      const texts = [document.lineAt(line).text];
      for (this.look(line + 1); line + texts.length <= last && this.open[line + texts.length] === true; this.look(line + texts.length)) texts.push(document.lineAt(line + texts.length).text);
      records.push({ line, lines: texts.length, text: texts.join("\n") });
      line += texts.length;
    }
    return records;
  }

  /** Finds out how the lines up to this one begin. */
  private look(line: number): void {
    for (let at = this.open.length; at <= Math.min(line, this.document.lineCount - 1); at++) this.open[at] = leavesQuoteOpen(this.document.lineAt(at - 1).text, this.open[at - 1]!);
  }
}
