import { rangeInRow, type PlacedText } from "./placedText.ts";
import type { DocumentRow } from "./rowTexts.ts";

/** The tokens of a text, with a value of the chosen measure for each. */
export interface TokenValues {
  ids: readonly number[];
  /** First and last character (exclusive) of each token in the text, so two numbers per token. */
  spans: readonly number[];
  /** Null for a token that has no value. */
  values: readonly (number | null)[];
}

/** The tokens of a chunk of a text. */
export interface ChunkTokens extends TokenValues {
  /** Index in the text of the chunk's first character; default 0. */
  textIndex?: number;
  /** Position in the text of the chunk's first token, null if not known because an earlier chunk is missing. */
  firstPosition?: number | null;
  /** Number of tokens that the model reads of the whole text. */
  mostTokens?: number;
}

/** A token at its place in the document. */
export interface PlacedToken {
  line: number;
  /** First column. */
  from: number;
  /** Column after the last. */
  to: number;
  value: number | null;
  id: number;
  /** Number of the token in its text, from 0; undefined if not known. */
  position: number | undefined;
  /** The model does not read this far. */
  beyond?: boolean;
}

/** Returns the index in the row at which each of its lines starts. */
function lineStarts({ text, lines }: DocumentRow): number[] {
  const starts = [0];
  for (let at = lines > 1 ? text.indexOf("\n") : -1; at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Returns the line of the row that contains an index. */
function lineAt(starts: readonly number[], index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Returns the tokens of a row's texts at their places in the document, in document order. Tokens of a template's own
 * words have no place and are left out. A token over several lines is cut to the first.
 * @param chunks the tokens of each text or chunk, as many as there are texts
 */
export function placeTokens(
  row: DocumentRow,
  texts: readonly PlacedText[],
  chunks: readonly ChunkTokens[],
): PlacedToken[] {
  const starts = lineStarts(row);
  const tokens: PlacedToken[] = [];
  texts.forEach((text, t) => {
    const { ids, spans, values, textIndex = 0, firstPosition = 0, mostTokens = Infinity } = chunks[t]!;
    ids.forEach((id, i) => {
      const found = rangeInRow(text, textIndex + spans[2 * i]!, textIndex + spans[2 * i + 1]!);
      if (found === undefined) return;
      // A token may begin with a line break: its place is where its visible text begins.
      while (found[0] < found[1] && row.text[found[0]] === "\n") found[0]++;
      const line = lineAt(starts, found[0]);
      const end = line + 1 < starts.length ? Math.min(found[1], starts[line + 1]! - 1) : found[1];
      const position = firstPosition === null ? undefined : firstPosition + i;
      const beyond = position !== undefined && position >= mostTokens;
      if (end > found[0])
        tokens.push({
          line: row.line + line,
          from: found[0] - starts[line]!,
          to: end - starts[line]!,
          value: beyond ? null : (values[i] ?? null),
          id,
          position,
          ...(beyond && { beyond }),
        });
    });
  });
  return tokens.sort((a, b) => a.line - b.line || a.from - b.from || a.to - b.to);
}
