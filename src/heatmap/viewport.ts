/** A place in a document. */
export interface TextPosition {
  line: number;
  column: number;
}
/** What an editor says of what is seen: lines, and of lines that are wrapped the columns too. */
export interface VisibleRange {
  from: TextPosition;
  to: TextPosition;
}
/** Columns of a line, or units of a record, from the first to behind the last. */
export type ColumnRange = readonly [from: number, to: number];

/**
 * Columns that are read of all lines in sight together, about what can be painted: of long lines nobody says which
 * columns are seen. Of each so many at least.
 */
const TOGETHER = 24_000;
const LEAST = 400;
/** Columns read before and after those in sight of a wrapped line, and about the cursor. */
const AROUND = 1000;
const ABOUT_CURSOR = 2000;
/** Lines that are read of an editor that has not said what it shows. */
const UNSAID = 80;

/** Which lines and columns of a document are to be read and painted: those in sight, and some lines around them. */
export class Viewport {
  /** first and last line of each part; folded lines between them are not in sight */
  readonly parts: [first: number, last: number][] = [];
  /** columns of a line that are read from its start */
  readonly lead: number;
  private readonly windows = new Map<number, ColumnRange[]>();

  /** @param margin lines around those seen @param lengthOf how long a line is */
  constructor(
    private readonly ranges: readonly VisibleRange[],
    private readonly document: {
      lineCount: number;
      margin: number;
      cursor: TextPosition;
      lengthOf: (line: number) => number;
    },
  ) {
    const { lineCount, margin } = document;
    const last = lineCount - 1;
    const seen = ranges.map(({ from, to }): [number, number] => [from.line, to.line]).sort(([a], [b]) => a - b);
    for (const [from, to] of seen.length > 0 ? seen : [[0, UNSAID - margin] as const]) {
      const first = Math.max(0, from - margin);
      const end = Math.min(last, to + margin);
      const before = this.parts.at(-1);
      if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], end);
      else if (first <= end) this.parts.push([first, end]);
    }
    this.lead = leadOf(
      seen.flatMap(([from, to]) =>
        Array.from({ length: Math.max(0, Math.min(to, last) - from + 1) }, (_, i) => document.lengthOf(from + i)),
      ),
    );
  }

  /** The columns of a line that are read. */
  columns(line: number): ColumnRange[] {
    const known = this.windows.get(line) ?? this.columnsOf(line);
    this.windows.set(line, known);
    return known;
  }

  private columnsOf(line: number): ColumnRange[] {
    const wrapped = this.wrapped(line);
    const { cursor } = this.document;
    if (wrapped !== undefined) return [wrapped];
    return line === cursor.line && cursor.column > this.lead
      ? [
          [0, this.lead],
          [cursor.column - ABOUT_CURSOR, cursor.column + ABOUT_CURSOR],
        ]
      : [[0, Math.max(this.lead, line === cursor.line ? cursor.column + ABOUT_CURSOR : 0)]];
  }

  /**
   * The columns of a wrapped line that starts above the first line of the window, or goes on below the last; else
   * undefined: of other lines nobody says what is seen.
   */
  wrapped(line: number): ColumnRange | undefined {
    for (const { from, to } of this.ranges) {
      const above = line === from.line && from.column > 0;
      const below = line === to.line && to.column < this.document.lengthOf(line);
      if (!above && !below) continue;
      const first = above ? Math.max(0, from.column - AROUND) : 0;
      return [first, Math.min(first + TOGETHER, line === to.line ? to.column + AROUND : Infinity)];
    }
    return undefined;
  }

  /** Whether a token is among the columns that are read. */
  has(line: number, { from, to }: { from: number; to: number }): boolean {
    return this.columns(line).some(([first, end]) => to > first && from < end);
  }
}

/** How much of each line is read where all of them together are too long: short ones leave room for long ones. */
function leadOf(lengths: readonly number[]): number {
  let left = TOGETHER;
  for (const [i, length] of [...lengths].sort((a, b) => a - b).entries()) {
    const share = left / (lengths.length - i);
    if (length > share) return Math.max(LEAST, Math.floor(share));
    left -= length;
  }
  return TOGETHER;
}
