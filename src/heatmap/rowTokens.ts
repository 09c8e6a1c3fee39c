import { unitsWithin, type PlacedText } from "./placedText.ts";
import { placeTokens, type ChunkTokens, type PlacedToken, type TokenValues } from "./colouredRanges.ts";
import type { DocumentRow } from "./rowTexts.ts";
import type { ColumnRange } from "./viewport.ts";

/** Units of a text that are read at a time, and how far behind them the end of a word is looked for. */
const CELL = 500;
const WORD = 200;
/** Units that a token takes at least, as a guess of how many tokens a text has. */
const UNITS_A_TOKEN = 6;
/** Units whose places take the room of one token. */
const UNITS_A_SPOT = 25;

/** What of a text has a value: so many tokens of a task's input, and, where places are shown, so many places. */
export interface TokenLimits {
  most: number;
  places: readonly number[] | undefined;
}

/** A part of a record's text that is asked for. */
export interface TextChunk {
  text: number;
  chunk: number;
  content: string;
}

/**
 * Where each part of a text begins, its end last. A part ends before a space, so that its tokens are those of the whole
 * text.
 */
export function chunkBounds(text: string): number[] {
  const bounds = [0];
  while (text.length - bounds.at(-1)! > CELL + WORD) {
    const from = bounds.at(-1)! + CELL;
    const space = text.slice(from, from + WORD).search(/\s/);
    // No pair of surrogates is cut.
    bounds.push(space >= 0 ? from + space : /[\uDC00-\uDFFF]/.test(text[from]!) ? from + 1 : from);
  }
  bounds.push(text.length);
  return bounds;
}

/** The tokens of one record as far as they are known, as if it stood in line 0. Long texts are known in parts. */
export class RowTokens {
  private readonly bounds: readonly (readonly number[])[];
  private readonly rows: (TokenValues | undefined)[][];
  private made: PlacedToken[] | undefined;
  /** what it takes to keep it, counted in tokens */
  size: number;

  constructor(
    private readonly record: Pick<DocumentRow, "text" | "lines">,
    private readonly texts: readonly PlacedText[],
    private readonly reach: TokenLimits,
  ) {
    this.bounds = texts.map(({ text }) => chunkBounds(text));
    this.rows = this.bounds.map((bounds) => new Array<undefined>(bounds.length - 1).fill(undefined));
    this.size = texts.reduce(
      (sum, { text, pieces }) =>
        sum + (pieces.some(({ at }) => typeof at !== "number") ? Math.ceil(text.length / UNITS_A_SPOT) : 0),
      1,
    );
  }

  /** Whether it is read as the run's task reads a row. */
  get asTask(): boolean {
    return this.texts.some((text) => text.asTask);
  }

  /** Whether all of it that has a value is known. */
  get isWhole(): boolean {
    return this.texts.every((text, t) => {
      const most = this.reachOf(text) ?? Infinity;
      let tokens = 0;
      for (const row of this.rows[t]!) {
        if (tokens >= most) break;
        if (row === undefined) return false;
        tokens += row.ids.length;
      }
      return true;
    });
  }

  /** What is to be asked for before all that has a value in these parts of the record is known. */
  missing(windows: readonly ColumnRange[]): TextChunk[] {
    return this.texts.flatMap((text, t) => {
      const bounds = this.bounds[t]!;
      const rows = this.rows[t]!;
      const wanted = this.cellsWithin(t, windows);
      const most = this.reachOf(text);
      const cells = most === undefined ? wanted : Array.from({ length: (wanted.at(-1) ?? -1) + 1 }, (_, i) => i);
      const asked: TextChunk[] = [];
      let tokens = 0;
      for (const cell of cells) {
        if (most !== undefined && tokens >= most) break;
        tokens += rows[cell]?.ids.length ?? (bounds[cell + 1]! - bounds[cell]!) / UNITS_A_TOKEN;
        if (rows[cell] === undefined)
          asked.push({ text: t, chunk: cell, content: text.text.slice(bounds[cell], bounds[cell + 1]) });
      }
      return asked;
    });
  }

  learn({ text, chunk: cell }: TextChunk, row: TokenValues): void {
    if (this.rows[text]![cell] === undefined) this.size += row.ids.length;
    this.rows[text]![cell] = row;
    this.made = undefined;
  }

  /** The tokens that are known, in order. */
  spots(): readonly PlacedToken[] {
    return (this.made ??= this.place());
  }

  private place(): PlacedToken[] {
    const texts: PlacedText[] = [];
    const placed: ChunkTokens[] = [];
    this.texts.forEach((text, t) => {
      let place: number | null = 0;
      for (const [cell, row] of this.rows[t]!.entries()) {
        if (row === undefined) {
          place = null;
          continue;
        }
        texts.push(text);
        placed.push({
          ...row,
          ...(this.reach.places !== undefined && { values: this.ofPlaces(row, place) }),
          from: this.bounds[t]![cell]!,
          place,
          most: this.reachOf(text) ?? Infinity,
        });
        if (place !== null) place += row.ids.length;
      }
    });
    return placeTokens({ ...this.record, line: 0 }, texts, placed);
  }

  private ofPlaces({ ids }: TokenValues, first: number | null): (number | null)[] {
    return ids.map((_, i) => (first === null ? null : (this.reach.places?.[first + i] ?? null)));
  }

  /** How many tokens of a text have a value, where that hangs on their place: those before it are needed too. */
  private reachOf({ asTask }: PlacedText): number | undefined {
    const { most, places } = this.reach;
    return asTask ? Math.min(most, places?.length ?? Infinity) : places?.length;
  }

  private cellsWithin(t: number, windows: readonly ColumnRange[]): number[] {
    const bounds = this.bounds[t]!;
    const found = new Set<number>();
    for (const [from, to] of windows)
      for (const [first, end] of unitsWithin(this.texts[t]!, from, to))
        for (let cell = cellAt(bounds, first); cell < bounds.length - 1 && bounds[cell]! < end; cell++) found.add(cell);
    return [...found].sort((a, b) => a - b);
  }
}

/** The part that a unit lies in. */
function cellAt(bounds: readonly number[], unit: number): number {
  let low = 0;
  let high = bounds.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bounds[middle]! <= unit) low = middle;
    else high = middle - 1;
  }
  return low;
}
