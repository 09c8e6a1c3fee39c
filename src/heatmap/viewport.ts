/** A position in a document, both numbers from 0. */
export interface TextPosition {
  line: number;
  column: number;
}

/** A visible range as the editor reports it. Its columns only matter for wrapped lines. */
export interface VisibleRange {
  from: TextPosition;
  to: TextPosition;
}

/** Columns of a line, or characters of a row: the first, and the one after the last. */
export type ColumnRange = readonly [from: number, to: number];

/** What a viewport needs to know of its document. */
export interface ViewportDocument {
  lineCount: number;
  /** Lines above and below the visible ones that are read too. */
  margin: number;
  cursor: TextPosition;
  /** Returns the length of a line. */
  lengthOf: (line: number) => number;
}

/**
 * Columns that are read of all visible lines together, about as many as can be painted. The editor does not report
 * which columns of a long line are visible unless the line is wrapped.
 */
const MOST_COLUMNS = 24_000;
/** Columns that are read of each line at least. */
const LEAST_COLUMNS = 400;
/** Columns that are read before and after the visible ones of a wrapped line. */
const WRAPPED_MARGIN = 1000;
/** Columns that are read before and after the cursor. */
const CURSOR_MARGIN = 2000;
/** Lines that are read if the editor has not reported its visible ranges yet. */
const DEFAULT_LINES = 80;

/** The lines and columns of a document that are read and painted: the visible ones, and a margin around them. */
export class Viewport {
  /** First and last line of each part. Folded lines lie between the parts. */
  readonly lineRanges: [first: number, last: number][] = [];
  /** Number of columns that are read from the start of each line. */
  readonly leadingColumns: number;
  private readonly columnsOfLine = new Map<number, ColumnRange[]>();

  constructor(
    private readonly ranges: readonly VisibleRange[],
    private readonly document: ViewportDocument,
  ) {
    const { lineCount, margin } = document;
    const last = lineCount - 1;
    const visible = ranges.map(({ from, to }): [number, number] => [from.line, to.line]).sort(([a], [b]) => a - b);
    for (const [from, to] of visible.length > 0 ? visible : [[0, DEFAULT_LINES - margin] as const]) {
      const first = Math.max(0, from - margin);
      const end = Math.min(last, to + margin);
      const before = this.lineRanges.at(-1);
      if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], end);
      else if (first <= end) this.lineRanges.push([first, end]);
    }
    this.leadingColumns = sharedColumns(
      visible.flatMap(([from, to]) =>
        Array.from({ length: Math.max(0, Math.min(to, last) - from + 1) }, (_, i) => document.lengthOf(from + i)),
      ),
    );
  }

  /** Returns the columns of a line that are read. */
  columns(line: number): ColumnRange[] {
    const columns = this.columnsOfLine.get(line) ?? this.computeColumns(line);
    this.columnsOfLine.set(line, columns);
    return columns;
  }

  private computeColumns(line: number): ColumnRange[] {
    const wrapped = this.wrappedColumns(line);
    const { cursor } = this.document;
    if (wrapped !== undefined) return [wrapped];
    return line === cursor.line && cursor.column > this.leadingColumns
      ? [
          [0, this.leadingColumns],
          [cursor.column - CURSOR_MARGIN, cursor.column + CURSOR_MARGIN],
        ]
      : [[0, Math.max(this.leadingColumns, line === cursor.line ? cursor.column + CURSOR_MARGIN : 0)]];
  }

  /**
   * Returns the columns to read of a wrapped line that starts above the visible part or ends below it. Returns
   * undefined for other lines, of which the editor does not report the visible columns.
   */
  wrappedColumns(line: number): ColumnRange | undefined {
    for (const { from, to } of this.ranges) {
      const above = line === from.line && from.column > 0;
      const below = line === to.line && to.column < this.document.lengthOf(line);
      if (!above && !below) continue;
      const first = above ? Math.max(0, from.column - WRAPPED_MARGIN) : 0;
      return [first, Math.min(first + MOST_COLUMNS, line === to.line ? to.column + WRAPPED_MARGIN : Infinity)];
    }
    return undefined;
  }

  /** Whether a token is, at least in part, in the columns that are read. */
  includes(line: number, { from, to }: { from: number; to: number }): boolean {
    return this.columns(line).some(([first, end]) => to > first && from < end);
  }
}

/**
 * Returns how many leading columns of each line may be read so that all lines together stay within MOST_COLUMNS. Short
 * lines leave their share to long ones.
 */
function sharedColumns(lengths: readonly number[]): number {
  let left = MOST_COLUMNS;
  for (const [i, length] of [...lengths].sort((a, b) => a - b).entries()) {
    const share = left / (lengths.length - i);
    if (length > share) return Math.max(LEAST_COLUMNS, Math.floor(share));
    left -= length;
  }
  return MOST_COLUMNS;
}
