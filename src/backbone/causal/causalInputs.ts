import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { PositionGap } from "../batch.ts";
import { MASKED, tensor, type Feeds } from "../feeds.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { isFixed, rotated } from "./rotation.ts";

/** The name of the input with the scores of layers with a window; undefined: of those without. */
export const scoresName = (window: number | undefined): string => `scores${window ?? ""}`;
/** The names of the inputs with cosines and sines of the config's rotation of that index. */
export const rotationNames = (index: number): { cos: string; sin: string } => ({
  cos: `cos${index}`,
  sin: `sin${index}`,
});

/** The windows of a model's layers, each once; undefined stands for layers without one. */
export const windowsOf = ({ layers }: CausalConfig): (number | undefined)[] => [
  ...new Set(layers.map(({ window }) => window)),
];

/** The positions of `length` columns from column `from` on, where a gap is left out. */
export const positionsOf = (from: number, length: number, gap?: PositionGap): Int32Array =>
  Int32Array.from({ length }, (_, i) => from + i + (gap !== undefined && from + i >= gap.from ? gap.count : 0));

/**
 * Addends to scores (queries, length) of the last places for all of them: later ones are hidden, and those beyond a
 * window.
 */
function ownScores(positions: Int32Array, queries: number, window = Infinity): Float32Array {
  const { length } = positions;
  const scores = new Float32Array(queries * length);
  for (let row = 0, i = length - queries; row < queries; row++, i++)
    for (let j = 0; j < length; j++)
      if (j > i || positions[i]! - positions[j]! >= window) scores[row * length + j] = MASKED;
  return scores;
}

/** Scores of `forward`, `prefill` and `prefillBehind`, for each window. @param queries places that look at others */
export function ownScoreFeeds(config: CausalConfig, positions: Int32Array, queries = positions.length): Feeds {
  const { length } = positions;
  return Object.fromEntries(
    windowsOf(config).map((window) => [
      scoresName(window),
      tensor(ownScores(positions, queries, window), queries, length),
    ]),
  );
}

/**
 * The places of keys before a query, in each row: `kept` from prompt and text, padded to a common number of columns.
 */
export interface KeyPlaces {
  /** Tokens of each row's prompt and text. */
  lengths: readonly number[];
  /** Columns of the kept keys. */
  kept: number;
  /** Columns of the keys behind them. */
  behind: number;
  /** Queries, which are the last of the keys behind. */
  queries: number;
  /** Columns before the queries' own that hold no key; absent: none. */
  spare?: number | undefined;
  /** Positions that no key of prompt and text has. */
  gap?: PositionGap | undefined;
}

/** The first column whose position is at least `position`. */
function firstColumn(position: number, gap: PositionGap | undefined): number {
  if (gap === undefined || position <= gap.from) return Math.max(0, position);
  return Math.max(gap.from, position - gap.count);
}

/** Scores of `resume` and `step` (B, 1, queries, kept + behind + spare), for each window. */
export function laterScoreFeeds(config: CausalConfig, places: KeyPlaces): Feeds {
  const { lengths, kept, behind, queries, spare = 0, gap } = places;
  const keys = kept + behind + spare;
  const earlier = behind - queries;
  const make = (window = Infinity): Float32Array => {
    const scores = new Float32Array(lengths.length * queries * keys).fill(MASKED);
    lengths.forEach((length, row) => {
      for (let q = 0; q < queries; q++) {
        const at = (row * queries + q) * keys;
        const own = length + (gap?.count ?? 0) + earlier + q;
        scores.fill(0, at + Math.min(length, firstColumn(own - window + 1, gap)), at + length);
        const first = Math.max(0, earlier + q - window + 1);
        scores.fill(0, at + kept + first, at + kept + earlier);
        const queriesAt = at + kept + earlier + spare;
        scores.fill(0, queriesAt + Math.max(0, first - earlier), queriesAt + q + 1);
      }
    });
    return scores;
  };
  return Object.fromEntries(
    windowsOf(config).map((window) => [scoresName(window), tensor(make(window), lengths.length, 1, queries, keys)]),
  );
}

/** Where the tokens of a row are: the place of the first one, and the whole row's length, which some rotations need. */
export interface RowPlaces {
  from: number;
  length: number;
  /** Positions that are left out; counted from the row's start. */
  gap?: PositionGap | undefined;
}

/** Cosines and sines of `count` places of each row (B, 1, count, width / 2), for each rotation of the model. */
export function rotationFeeds({ rotations }: CausalConfig, rows: readonly RowPlaces[], count: number): Feeds {
  const feeds: Feeds = {};
  rotations.forEach((rotation, index) => {
    const half = rotation.width / 2;
    const cos = new Float32Array(rows.length * count * half);
    const sin = new Float32Array(rows.length * count * half);
    rows.forEach(({ from, length, gap }, row) => {
      const at = row * count * half;
      const same = isFixed(rotation) && row > 0 && from === rows[0]!.from;
      if (same) {
        cos.copyWithin(at, 0, count * half);
        sin.copyWithin(at, 0, count * half);
        return;
      }
      const { frequencies, factor } = rotated(rotation, length);
      positionsOf(from, count, gap).forEach((position, i) => {
        frequencies.forEach((frequency, pair) => {
          cos[at + i * half + pair] = factor * Math.cos(position * frequency);
          sin[at + i * half + pair] = factor * Math.sin(position * frequency);
        });
      });
    });
    const names = rotationNames(index);
    feeds[names.cos] = tensor(cos, rows.length, 1, count, half);
    feeds[names.sin] = tensor(sin, rows.length, 1, count, half);
  });
  return feeds;
}

/**
 * Refuses a text that has more places than the model's table of learned positions.
 * @throws UserError
 */
export function refuseTooLong({ positions }: CausalConfig, length: number): void {
  if (positions === undefined || length <= positions) return;
  throw new UserError(
    "text-beyond-positions",
    phrase`A text of ${length} tokens, prompt and answer included, does not fit the ${positions} positions of the backbone`,
    phrase`Lower training.maxSourceLength, or use a backbone for longer texts.`,
  );
}
