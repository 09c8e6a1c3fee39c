import type { Batch, PositionGap } from "../batch.ts";
import { targetTokens, textLength } from "../batchRows.ts";
import { tensor, type Feeds } from "../feeds.ts";
import type { Decoding, EmbeddedTokens, HostFeeds } from "../hostFeeds.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { CausalDecoding } from "./causalDecoding.ts";
import { laterScoreFeeds, ownScoreFeeds, positionsOf, refuseTooLong, rotationFeeds } from "./causalInputs.ts";
import { packedFeeds } from "./packedRows.ts";
import { isFixed } from "./rotation.ts";
import { joinRows, labelPlaces, lossesByTarget, resumedTokens } from "./joinedRows.ts";

const count = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);
const textLengths = (batch: Batch): number[] => Array.from({ length: batch.rows }, (_, row) => textLength(batch, row));

/** Tokens that stand at the start of their rows. */
interface Leading {
  columns: number;
  /** Tokens of each row, the last one of a target included. */
  lengths: readonly number[];
  /** Tokens of each row that are read. */
  read: readonly number[];
  gap: PositionGap | undefined;
}

/** The feeds of a decoder-only model's graphs. */
export class CausalFeeds implements HostFeeds {
  constructor(private readonly config: CausalConfig) {}

  /** Feeds of tokens that stand at the start of their rows, behind the prompt. */
  private leading(batch: Batch, prompt: number, { columns, lengths, read, gap }: Leading): Feeds {
    const length = prompt + columns;
    const positions = positionsOf(0, length, gap);
    refuseTooLong(this.config, positions.at(-1)! + 1);
    return {
      places: tensor(count(columns), columns),
      absolute: tensor(positions, length),
      ...packedFeeds(batch, columns, read),
      ...ownScoreFeeds(this.config, positions),
      ...rotationFeeds(
        this.config,
        lengths.map((own) => ({ from: 0, length: prompt + own + (gap?.count ?? 0), gap })),
        length,
      ),
    };
  }

  source(batch: Batch, prompt: number): Feeds {
    const { rows, sourceLength, ids, gap } = batch;
    const texts = textLengths(batch);
    const last = Int32Array.from(texts, (text, row) => row * (prompt + sourceLength) + prompt + text - 1);
    return {
      ...this.leading(batch, prompt, { columns: sourceLength, lengths: texts, read: texts, gap }),
      ids: tensor(ids, rows, sourceLength),
      lastAt: tensor(last, rows),
    };
  }

  behind(batch: Batch, prompt: number, shared: number): Feeds | undefined {
    // Where angles depend on a row's whole length, so do the keys of the tokens that rows share.
    if (batch.gap !== undefined || !this.config.rotations.every(isFixed)) return undefined;
    const { rows, sourceLength } = batch;
    const columns = sourceLength - shared;
    const before = prompt + shared;
    refuseTooLong(this.config, prompt + sourceLength);
    const ids = new Int32Array(rows * columns);
    for (let row = 0; row < rows; row++)
      ids.set(batch.ids.subarray(row * sourceLength + shared, (row + 1) * sourceLength), row * columns);
    const texts = textLengths(batch);
    const last = Int32Array.from(texts, (text, row) => row * columns + text - shared - 1);
    return {
      ids: tensor(ids, rows, columns),
      places: tensor(
        count(columns).map((place) => shared + place),
        columns,
      ),
      absolute: tensor(positionsOf(before, columns), columns),
      ...ownScoreFeeds(this.config, positionsOf(0, before + columns), columns),
      ...rotationFeeds(
        this.config,
        texts.map((text) => ({ from: before, length: prompt + text })),
        columns,
      ),
      lastAt: tensor(last, rows),
    };
  }

  whole(batch: Batch, prompt: number): Feeds {
    const { rows, sourceLength, gap } = batch;
    const { ids, columns, lengths } = joinRows(batch);
    const texts = textLengths(batch);
    const read = texts.map((text, row) => text + Math.max(0, targetTokens(batch, row) - 1));
    const start = (row: number): number => row * (prompt + columns);
    const found = labelPlaces(batch, (row, token) => start(row) + prompt + texts[row]! - 1 + token);
    const states = Int32Array.from({ length: rows * (prompt + sourceLength) }, (_, at) => {
      const row = Math.floor(at / (prompt + sourceLength));
      // A text may be padded beyond the longest row; what stands there is padding, whichever it is.
      return start(row) + Math.min(at - row * (prompt + sourceLength), prompt + columns - 1);
    });
    return {
      ...this.leading(batch, prompt, { columns, lengths, read, gap }),
      ids: tensor(ids, rows, columns),
      labelAt: tensor(found.places, found.places.length),
      labels: tensor(found.labels, found.labels.length),
      statesAt: tensor(states, rows, prompt + sourceLength),
    };
  }

  target(batch: Batch, prompt: number): Feeds {
    const { rows, sourceLength, gap } = batch;
    const left = gap?.count ?? 0;
    const { ids, columns } = resumedTokens(batch);
    const texts = textLengths(batch);
    const lengths = texts.map((text) => prompt + text);
    const found = labelPlaces(batch, (row, token) => row * (1 + columns) + token);
    const places = Int32Array.from(
      { length: rows * columns },
      (_, at) => texts[Math.floor(at / columns)]! + (at % columns),
    );
    const whole = lengths.map((length, row) => length + left + targetTokens(batch, row));
    refuseTooLong(this.config, Math.max(...lengths) + left + columns);
    return {
      ids: tensor(ids, rows, columns),
      places: tensor(places, rows, columns),
      absolute: tensor(
        places.map((place) => prompt + left + place),
        rows,
        columns,
      ),
      labelAt: tensor(found.places, found.places.length),
      labels: tensor(found.labels, found.labels.length),
      ...rotationFeeds(
        this.config,
        lengths.map((from, row) => ({ from, length: whole[row]!, gap })),
        columns,
      ),
      ...laterScoreFeeds(this.config, { lengths, kept: prompt + sourceLength, behind: columns, queries: columns, gap }),
    };
  }

  embedded(batch: Batch): EmbeddedTokens {
    return joinRows(batch);
  }

  losses(values: Float32Array, batch: Batch): Float32Array {
    return lossesByTarget(values, batch);
  }

  /** LongRoPE has other frequencies for all places of a row that is longer than the texts of pre-training. */
  newTokens(batch: Batch, prompt: number): number[] | undefined {
    const originals = this.config.rotations.flatMap(({ scaling }) =>
      scaling.type === "longrope" ? [scaling.original] : [],
    );
    if (originals.length === 0) return undefined;
    return textLengths(batch).map((text) => {
      const length = prompt + text + (batch.gap?.count ?? 0);
      return Math.min(...originals.map((original) => (length > original ? Infinity : original - length + 1)));
    });
  }

  kept(kept: Feeds): Feeds {
    return kept;
  }

  decoding({ firstLogits, ...kept }: Feeds, batch: Batch, shared = 0): Decoding {
    const texts = textLengths(batch);
    const columns = shared + kept["keptKey0"]!.dims[2]!;
    return new CausalDecoding(this.config, {
      kept,
      firstLogits: firstLogits!.data as Float32Array,
      columns,
      prompt: columns - batch.sourceLength,
      texts,
      gap: batch.gap,
    });
  }
}
