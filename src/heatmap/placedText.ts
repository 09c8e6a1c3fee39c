/**
 * A piece of a text that stands in a document: units `from` to `to` of the text; `at`: where each stands, from the
 * record's first unit, one more for the end.
 */
export interface Piece {
  from: number;
  to: number;
  at: number | Int32Array;
}

/**
 * A text as a model reads it, and where it stands in a document; what is in no piece (a template's own words) stands
 * nowhere.
 */
export interface PlacedText {
  text: string;
  pieces: readonly Piece[];
  /** it is the whole input that a task makes of a row */
  asTask: boolean;
}

/** A value as a data file spells it: its text, and where each of its UTF-16 units begins, one more for the end. */
export interface Spelled {
  text: string;
  at: number | Int32Array;
}

const unitAt = (at: number | Int32Array, i: number): number =>
  typeof at === "number" ? at + i : (at[i] ?? at.at(-1)!);

/** A value alone. */
export const whole = ({ text, at }: Spelled): PlacedText => ({
  text,
  pieces: [{ from: 0, to: text.length, at }],
  asTask: false,
});

/** The input that a task makes of a row: texts one after the other; those without a place are the template's own. */
export function joined(parts: readonly (string | Spelled)[]): PlacedText {
  const pieces: Piece[] = [];
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    pieces.push({ from: text.length, to: text.length + part.text.length, at: part.at });
    text += part.text;
  }
  return { text, pieces, asTask: true };
}

/**
 * Where units `from` to `to` of a text stand in its record, undefined where they stand nowhere. What reaches over
 * several pieces stands in the first.
 */
export function placeOf({ pieces }: PlacedText, from: number, to: number): [from: number, to: number] | undefined {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.to <= from) low = middle + 1;
    else high = middle;
  }
  const piece = pieces[low];
  if (piece === undefined || to <= piece.from || from >= to) return undefined;
  return [
    unitAt(piece.at, Math.max(from, piece.from) - piece.from),
    unitAt(piece.at, Math.min(to, piece.to) - piece.from),
  ];
}

/** Units of a text that stand in units `from` to `to` of its record, piece by piece. */
export function unitsWithin({ pieces }: PlacedText, from: number, to: number): [from: number, to: number][] {
  return pieces.flatMap(({ from: first, to: end, at }): [number, number][] => {
    const low = first + firstAt(at, end - first, from);
    const high = first + firstAt(at, end - first, to);
    return low < high ? [[low, high]] : [];
  });
}

/** The first of so many units that stands at a place or behind it. */
function firstAt(at: number | Int32Array, units: number, place: number): number {
  let low = 0;
  let high = units;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (unitAt(at, middle) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
