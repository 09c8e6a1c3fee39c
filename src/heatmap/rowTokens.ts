import { rangesInText, type PlacedText } from "./placedText.ts";
import { placeTokens, type ChunkTokens, type PlacedToken, type TokenValues } from "./placedTokens.ts";
import type { DocumentRow } from "./rowTexts.ts";
import type { ColumnRange } from "./viewport.ts";

/** Characters of a text that are tokenized at a time. */
const CHUNK = 500;
/**
 * Characters on either side of a chunk that are tokenized with it, since some tokenizers join what stands on both sides
 * of a space, or write the beginning of a text in another way.
 */
const CONTEXT = 64;
/** Characters after a chunk in which a space, to end the chunk at, is looked for. */
const WORD = 200;
/** Guess of how many characters a token has, for chunks that are not tokenized yet. */
const CHARACTERS_PER_TOKEN = 6;
/** Characters whose indices in the row take as much memory as one token. */
const INDICES_PER_TOKEN = 25;

/** Which tokens of a text have a value. */
export interface TokenLimits {
  /** Tokens that the model reads of a task's input. */
  mostTokens: number;
  /** Tokens that are added before an input; default 0. */
  lead?: number;
  /** Which part of an input that is too long is not read; default its end. */
  cut?: "end" | "middle";
  /** The value of each position, if the measure is one of positions and not of tokens. */
  positionValues: readonly number[] | undefined;
}

/** A chunk of one of a row's texts, to be tokenized. */
export interface TextChunk {
  /** Number of the text. */
  text: number;
  /** Number of the chunk in its text. */
  chunk: number;
  /** The chunk's characters with some of those beside it. */
  content: string;
}

/**
 * Returns the index at which each chunk of a text starts, and the text's length as the last. A chunk ends before a
 * space if there is one near, since few tokens include what stands on both sides of one.
 */
export function chunkBounds(text: string): number[] {
  const bounds = [0];
  while (text.length - bounds.at(-1)! > CHUNK + WORD) {
    const from = bounds.at(-1)! + CHUNK;
    const space = text.slice(from, from + WORD).search(/\s/);
    const afterSurrogatePair = /[\uDC00-\uDFFF]/.test(text[from]!) ? from + 1 : from;
    bounds.push(space >= 0 ? from + space : afterSurrogatePair);
  }
  bounds.push(text.length);
  return bounds;
}

/** The tokens of one row, as far as its chunks are tokenized. Its lines are numbered from 0. */
export class RowTokens {
  private readonly bounds: readonly (readonly number[])[];
  private readonly chunks: (TokenValues | undefined)[][];
  private placed: PlacedToken[] | undefined;
  /** Memory that the row takes, in tokens. */
  size: number;

  constructor(
    private readonly row: Pick<DocumentRow, "text" | "lines">,
    private readonly texts: readonly PlacedText[],
    private readonly limits: TokenLimits,
  ) {
    this.bounds = texts.map(({ text }) => chunkBounds(text));
    this.chunks = this.bounds.map((bounds) => new Array<undefined>(bounds.length - 1).fill(undefined));
    this.size = texts.reduce(
      (sum, { text, pieces }) =>
        sum + (pieces.some(({ at }) => typeof at !== "number") ? Math.ceil(text.length / INDICES_PER_TOKEN) : 0),
      1,
    );
  }

  /** Whether the row is read as the run's task reads it. */
  get asTask(): boolean {
    return this.texts.some((text) => text.asTask);
  }

  /** Whether all tokens that have a value are there. */
  get isComplete(): boolean {
    return this.texts.every((text, t) => {
      const limit = this.limitOf(text) ?? Infinity;
      let tokens = 0;
      for (const chunk of this.chunks[t]!) {
        if (tokens >= limit) break;
        if (chunk === undefined) return false;
        tokens += chunk.ids.length;
      }
      return true;
    });
  }

  /**
   * Returns the chunks that have to be tokenized before all tokens with a value in these ranges of the row are there.
   * If a value depends on the token's position, these include the chunks before.
   */
  missingChunks(ranges: readonly ColumnRange[]): TextChunk[] {
    return this.texts.flatMap((text, t) => {
      const bounds = this.bounds[t]!;
      const chunks = this.chunks[t]!;
      const visible = this.chunksWithin(t, ranges);
      const limit = this.limitOf(text);
      const wanted = limit === undefined ? visible : Array.from({ length: (visible.at(-1) ?? -1) + 1 }, (_, i) => i);
      const missing: TextChunk[] = [];
      let tokens = 0;
      for (const chunk of wanted) {
        if (limit !== undefined && tokens >= limit) break;
        tokens += chunks[chunk]?.ids.length ?? (bounds[chunk + 1]! - bounds[chunk]!) / CHARACTERS_PER_TOKEN;
        if (chunks[chunk] === undefined)
          missing.push({ text: t, chunk, content: text.text.slice(...this.readFor(t, chunk)) });
      }
      return missing;
    });
  }

  /** The characters that are tokenized for a chunk: its own, and those beside it that can change its tokens. */
  private readFor(text: number, chunk: number): [from: number, to: number] {
    const { [chunk]: from, [chunk + 1]: to } = this.bounds[text]!;
    const whole = this.texts[text]!.text;
    return [wholeCharacter(whole, from! - CONTEXT), wholeCharacter(whole, to! + CONTEXT)];
  }

  /** Adds the tokens of a chunk's content; those that begin outside the chunk belong to the chunks beside it. */
  addChunk({ text, chunk }: TextChunk, read: TokenValues): void {
    const start = this.readFor(text, chunk)[0];
    const { [chunk]: from, [chunk + 1]: to } = this.bounds[text]!;
    const tokens = tokensWithin(read, from! - start, to! - start);
    if (this.chunks[text]![chunk] === undefined) this.size += tokens.ids.length;
    this.chunks[text]![chunk] = tokens;
    this.placed = undefined;
  }

  /** Returns the tokens that are there, in document order; computed once per change. */
  placedTokens(): readonly PlacedToken[] {
    return (this.placed ??= this.place());
  }

  private place(): PlacedToken[] {
    const texts: PlacedText[] = [];
    const placed: ChunkTokens[] = [];
    this.texts.forEach((text, t) => {
      const lead = text.asTask ? (this.limits.lead ?? 0) : 0;
      const known = this.knownPositions(text, t);
      let position: number | null = text.isPart === true ? null : lead;
      for (const [chunk, tokens] of this.chunks[t]!.entries()) {
        if (tokens === undefined) {
          position = null;
          continue;
        }
        texts.push(text);
        placed.push({
          ...tokens,
          ...(this.limits.positionValues !== undefined && { values: this.positionValues(tokens, position, known) }),
          textIndex: this.bounds[t]![chunk]!,
          firstPosition: position,
          mostTokens: (this.limitOf(text) ?? Infinity) + lead,
        });
        if (position !== null) position += tokens.ids.length;
        if (position !== null && position >= known) position = null;
      }
    });
    return placeTokens({ ...this.row, line: 0 }, texts, placed);
  }

  private positionValues({ ids }: TokenValues, first: number | null, known: number): (number | null)[] {
    return ids.map((_, i) =>
      first === null || first + i >= known ? null : (this.limits.positionValues?.[first + i] ?? null),
    );
  }

  /** The first position that is not known: of an input whose middle is cut, where the cut begins. */
  private knownPositions({ asTask, isPart = false }: PlacedText, t: number): number {
    const { mostTokens, cut = "end", lead = 0 } = this.limits;
    if (!asTask || isPart || cut === "end") return Infinity;
    const chunks = this.chunks[t]!;
    const tokens = chunks.reduce((sum, chunk) => sum + (chunk?.ids.length ?? Infinity), 0);
    return tokens <= mostTokens ? Infinity : lead + Math.ceil(mostTokens / 2);
  }

  /** Returns how many tokens of a text have a value, or undefined if the value does not depend on the position. */
  private limitOf({ asTask, isPart = false }: PlacedText): number | undefined {
    const { mostTokens, positionValues, cut = "end" } = this.limits;
    if (isPart) return undefined;
    return asTask && cut === "end" ? Math.min(mostTokens, positionValues?.length ?? Infinity) : positionValues?.length;
  }

  /** Returns the numbers of the chunks of text `t` that these ranges of the row touch, in order. */
  private chunksWithin(t: number, ranges: readonly ColumnRange[]): number[] {
    const bounds = this.bounds[t]!;
    const found = new Set<number>();
    for (const [from, to] of ranges)
      for (const [first, end] of rangesInText(this.texts[t]!, from, to))
        for (let chunk = chunkAt(bounds, first); chunk < bounds.length - 1 && bounds[chunk]! < end; chunk++)
          found.add(chunk);
    return [...found].sort((a, b) => a - b);
  }
}

/** The index, or the one before it where it would split a surrogate pair; within the text. */
function wholeCharacter(text: string, index: number): number {
  const within = Math.min(text.length, Math.max(0, index));
  return /[\uDC00-\uDFFF]/.test(text[within] ?? "") ? within - 1 : within;
}

/** The tokens that begin at the characters `from` to `to` (exclusive), with spans from `from` on. */
function tokensWithin({ ids, spans, values }: TokenValues, from: number, to: number): TokenValues {
  const kept = ids.flatMap((_, i) => (spans[2 * i]! >= from && spans[2 * i]! < to ? [i] : []));
  return {
    ids: kept.map((i) => ids[i]!),
    spans: kept.flatMap((i) => [spans[2 * i]! - from, spans[2 * i + 1]! - from]),
    values: values.length === 0 ? [] : kept.map((i) => values[i]!),
  };
}

/** Returns the number of the chunk that contains an index. */
function chunkAt(bounds: readonly number[], index: number): number {
  let low = 0;
  let high = bounds.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bounds[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}
