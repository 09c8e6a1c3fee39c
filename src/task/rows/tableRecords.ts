import type { TableForm } from "../../experiment/tableForm.ts";

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** Where a record of a table ends. */
export interface RecordEnd {
  /** The index of its line break, or the text's length. */
  end: number;
  /** Whether a quote that begins a cell is not closed in the text; the record is then its first line. */
  isOpen: boolean;
}

/** The index of the quote that closes a cell, after doubled ones; -1 where there is none. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2))
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  return -1;
}

/** Finds the records of a text one after another. */
export class RecordFinder {
  /** The first quote at or behind the place that was looked at last. */
  private quote = 0;

  constructor(
    private readonly text: string,
    private readonly form: TableForm,
  ) {
    if (form.quotes) this.quote = text.indexOf('"');
  }

  /**
   * Where the record that begins at `from` ends. A quoted cell may hold line breaks. A record whose quotes are
   * misplaced ends with its first line, so that it takes no others with it.
   */
  endOf(from: number): RecordEnd {
    const { text, form } = this;
    const found = text.indexOf("\n", from);
    const line = found < 0 ? text.length : found;
    if (!form.quotes || this.nextQuote(from) >= line) return { end: line, isOpen: false };
    const delimiter = form.delimiter.charCodeAt(0);
    for (let at = from; ;) {
      if (text.charCodeAt(at) === QUOTE) {
        const closed = closingQuote(text, at + 1);
        if (closed < 0) return { end: line, isOpen: true };
        at = closed + 1;
        const isReturn = text.charCodeAt(at) === RETURN;
        // The text may be cut between the two characters of a line break.
        const behind = isReturn && (at + 1 >= text.length || text.charCodeAt(at + 1) === LINE_FEED) ? at + 1 : at;
        if (behind >= text.length || text.charCodeAt(behind) === LINE_FEED) return { end: behind, isOpen: false };
        if (text.charCodeAt(at) !== delimiter) return { end: line, isOpen: false };
        at++;
        continue;
      }
      const end = this.bareEnd(at, delimiter);
      if (end === undefined) return { end: line, isOpen: false };
      if (end >= text.length || text.charCodeAt(end) === LINE_FEED) return { end, isOpen: false };
      at = end + 1;
    }
  }

  /** Where a cell without quotes around it ends; undefined where a quote stands inside. */
  private bareEnd(from: number, delimiter: number): number | undefined {
    for (let at = from; ; at++) {
      const unit = this.text.charCodeAt(at);
      if (unit === QUOTE) return undefined;
      if (at >= this.text.length || unit === delimiter || unit === LINE_FEED) return at;
    }
  }

  private nextQuote(from: number): number {
    if (this.quote >= 0 && this.quote < from) this.quote = this.text.indexOf('"', from);
    return this.quote < 0 ? Infinity : this.quote;
  }
}
