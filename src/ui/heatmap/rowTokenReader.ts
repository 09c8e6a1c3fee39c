import type { TokenWorker } from "../../executor/tokenWorker.ts";
import { isDataKind } from "../../heatmap/documentKind.ts";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import { RowTokens, type TextChunk } from "../../heatmap/rowTokens.ts";
import { RowTokensCache } from "../../heatmap/rowTokensCache.ts";
import type { ColumnRange, Viewport } from "../../heatmap/viewport.ts";
import { MOST_TEXTS, MOST_UNITS } from "../../protocol/limits.ts";
import type { Yielder } from "../window/yielder.ts";
import type { DocumentRows } from "./documentRows.ts";
import type { HeatmapChoice } from "./heatmapChoice.ts";

/** Characters of a row of data beyond which it is not split into fields. */
const LONGEST_ROW = 1_000_000;

interface MissingChunk {
  tokens: RowTokens;
  chunk: TextChunk;
}

/** A read that stops as soon as a newer one has begun. */
export interface CurrentRead {
  isCurrent: () => boolean;
  yielder: Yielder;
}

/** What a reader reads with, and what it reads. */
export interface RowTokenSource {
  worker: TokenWorker;
  /** The chosen run and measure at this moment. */
  choice: () => HeatmapChoice;
  /** The document's rows at this moment. */
  rows: () => DocumentRows;
  /** Called if the run has other tensors than when it was opened. */
  outdated: () => void;
}

/** Asks the token worker for the tokens of a document's rows, and caches them. */
export class RowTokenReader {
  private readonly cache = new RowTokensCache();

  constructor(private readonly source: RowTokenSource) {}

  /** Drops all tokens, because the run, the measure or the table's head has changed. */
  clear(): void {
    this.cache.clear();
  }

  /** Keeps the tokens of these rows, which are visible, in the cache. */
  pin(rows: readonly DocumentRow[]): void {
    this.cache.pin(rows.map(({ text }) => text));
  }

  /** Returns the tokens of a row as far as they are read; undefined if none are. */
  cached(row: DocumentRow): RowTokens | undefined {
    return this.cache.get(row.text);
  }

  /**
   * Reads the tokens in a viewport until all that have a value are there. One pass may not be enough: how many chunks
   * a limited text needs is only known from the tokens before.
   * @returns the number of chunks that were read, or undefined if a newer read has begun
   */
  async read(
    rows: readonly DocumentRow[],
    viewport: Viewport,
    { isCurrent, yielder }: CurrentRead,
  ): Promise<number | undefined> {
    let count = 0;
    let wanted = rows.map((row) => ({ row, ranges: rangesToRead(row, viewport) }));
    while (wanted.length > 0) {
      const missing: MissingChunk[] = [];
      const incomplete: typeof wanted = [];
      const asked = new Set<RowTokens>();
      for (const each of wanted) {
        const tokens = this.cache.get(each.row.text) ?? this.cache.add(each.row.text, this.tokensOf(each.row));
        const chunks = tokens.missingChunks(each.ranges);
        if (chunks.length > 0) incomplete.push(each);
        // Rows with the same text share their tokens and are read once.
        if (!asked.has(tokens)) missing.push(...chunks.map((chunk) => ({ tokens, chunk })));
        asked.add(tokens);
        await yielder.yieldIfDue();
        if (!isCurrent()) return undefined;
      }
      count += missing.length;
      for (const batch of batches(missing)) {
        if (!(await this.ask(batch, isCurrent))) return undefined;
        // Finds the tokens' places now, a few at a time, and not all at once when they are painted.
        for (const { tokens } of batch) {
          tokens.placedTokens();
          await yielder.yieldIfDue();
        }
      }
      wanted = incomplete;
    }
    this.cache.trim();
    return isCurrent() ? count : undefined;
  }

  private tokensOf(row: DocumentRow): RowTokens {
    const { measure, opened } = this.source.choice();
    const rows = this.source.rows();
    const isTooLong = isDataKind(rows.kind) && row.text.length > LONGEST_ROW;
    return new RowTokens(row, isTooLong ? [] : rows.texts(row, opened), {
      mostTokens: opened.maxSourceLength - opened.added,
      lead: opened.lead,
      cut: opened.cut,
      positionValues: measure === "position" ? (opened.places ?? []) : undefined,
    });
  }

  /** Reads one batch of chunks. @returns whether the answer still counts */
  private async ask(batch: readonly MissingChunk[], isCurrent: () => boolean): Promise<boolean> {
    const { run, opened, measure } = this.source.choice();
    const { rows, stamp } = await this.source.worker.encode({
      run: run.directory.path,
      measure,
      texts: batch.map(({ chunk }) => chunk.content),
    });
    if (!isCurrent()) return false;
    if (stamp !== opened.stamp) {
      this.source.outdated();
      return false;
    }
    batch.forEach(({ tokens, chunk }, i) => {
      tokens.addChunk(chunk, rows[i]!);
    });
    return true;
  }
}

/** Returns the ranges of a row, as indices in its text, that are to be read. */
function rangesToRead({ line, text, lines }: DocumentRow, viewport: Viewport): ColumnRange[] {
  const ranges: ColumnRange[] = [];
  for (let at = line, start = 0; at < line + lines; at++) {
    const end = at + 1 < line + lines ? text.indexOf("\n", start) : text.length;
    for (const [from, to] of viewport.columns(at))
      if (start + from < end) ranges.push([start + from, Math.min(end, start + to)]);
    start = end + 1;
  }
  return ranges;
}

/** Splits chunks into batches that the worker answers quickly. */
function batches(chunks: readonly MissingChunk[]): MissingChunk[][] {
  const made: MissingChunk[][] = [];
  let characters = 0;
  for (const each of chunks) {
    const last = made.at(-1);
    characters += each.chunk.content.length;
    if (last === undefined || characters > MOST_UNITS || last.length >= MOST_TEXTS) {
      made.push([each]);
      characters = each.chunk.content.length;
    } else last.push(each);
  }
  return made;
}
