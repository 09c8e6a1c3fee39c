/*
 * A text that a model reads, with the place of each of its characters in a row of a document. Characters are UTF-16
 * code units. `at` is a number where the text is spelled as it reads: character i stands at index `at + i` of the row.
 * Where escapes make the spelling longer, `at` is an array of n + 1 indices: one for each of the n characters, and the
 * end of the last.
 */

/** A value of a row, such as a JSON string, and where the row spells its characters. */
export interface SourceText {
  text: string;
  at: number | Int32Array;
}

/** The characters `from` to `to` (exclusive) of a text, which the row spells at `at`. */
export interface TextPiece {
  from: number;
  to: number;
  at: number | Int32Array;
}

/** A text that a model reads. Characters outside all pieces, such as a template's own words, are not in the row. */
export interface PlacedText {
  text: string;
  pieces: readonly TextPiece[];
  /** The text is read as the run's task reads it: its whole input, unless it is a part. */
  asTask: boolean;
  /** The text is one turn of a conversation: where in the whole input it stands is not known. */
  isPart?: boolean;
}

const indexAt = (at: number | Int32Array, i: number): number =>
  typeof at === "number" ? at + i : (at[i] ?? at.at(-1)!);

/** Returns a single value of a row as a text for the model. */
export const singleText = ({ text, at }: SourceText): PlacedText => ({
  text,
  pieces: [{ from: 0, to: text.length, at }],
  asTask: false,
});

/** Concatenates the input that a task makes from a row. Parts that are strings are the template's own words. */
export function joinedInput(parts: readonly (string | SourceText)[]): PlacedText {
  const pieces: TextPiece[] = [];
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
 * Returns the range of the row that spells the characters `from` to `to` of a text, or undefined if the row does not
 * spell them. A range over several pieces is cut to the first of them.
 */
export function rangeInRow({ pieces }: PlacedText, from: number, to: number): [from: number, to: number] | undefined {
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
    indexAt(piece.at, Math.max(from, piece.from) - piece.from),
    indexAt(piece.at, Math.min(to, piece.to) - piece.from),
  ];
}

/** Returns the ranges of a text, one per piece, that the characters `from` to `to` of the row spell. */
export function rangesInText({ pieces }: PlacedText, from: number, to: number): [from: number, to: number][] {
  return pieces.flatMap(({ from: first, to: end, at }): [number, number][] => {
    const low = first + firstAt(at, end - first, from);
    const high = first + firstAt(at, end - first, to);
    return low < high ? [[low, high]] : [];
  });
}

/** Returns the first of `length` characters that the row spells at `index` or after it. */
function firstAt(at: number | Int32Array, length: number, index: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (indexAt(at, middle) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}
