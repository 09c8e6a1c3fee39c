import type { Batch } from "./batch.ts";
import type { Feeds } from "./feeds.ts";

/** Tokens that a method embeds, (rows, columns): their ids, and 1 for each that is not padding. */
export interface EmbeddedTokens {
  ids: Int32Array;
  mask: Float32Array;
  columns: number;
}

/** The inputs that the host computes for a family's graphs: ids, masks, and the family's values of positions. */
export interface HostFeeds {
  /**
   * Feeds of prompt and text, for `prefill`.
   * @param prompt the prompt's length in tokens
   */
  source(batch: Batch, prompt: number): Feeds;
  /**
   * Feeds of the rest of texts behind the tokens that all of them share, for `prefillBehind`. Absent, or undefined:
   * what is kept of those tokens does not serve every row.
   */
  behind?(batch: Batch, prompt: number, shared: number): Feeds | undefined;
  /** Feeds of `forward`: of prompt, text and target, with the labels. */
  whole(batch: Batch, prompt: number): Feeds;
  /** Feeds of given targets behind a text, with the labels, for `resume`. */
  target(batch: Batch, prompt: number): Feeds;
  /** The tokens that a method embeds in `forward`. */
  embedded(batch: Batch): EmbeddedTokens;
  /** The losses of the labels, in the order in which `forward` and `resume` have them, as (rows, targetLength). */
  losses(values: Float32Array, batch: Batch): Float32Array;
  /**
   * How many tokens behind each row's text may be predicted from what was kept of it: behind more of them, the whole
   * row has other positions and must be read anew. Absent, or undefined: any number.
   */
  newTokens?(batch: Batch, prompt: number): number[] | undefined;
  /**
   * Feeds of a text that was read before, for `resume` and `step`.
   * @param kept outputs of `prefill`
   * @param source the feeds of `source` for it
   */
  kept(kept: Feeds, source: Feeds): Feeds;
  /**
   * Starts a greedy decoding of the batch's rows.
   * @param kept the result of the method `kept`
   * @param shared columns of prompt and text that were read apart
   */
  decoding(kept: Feeds, batch: Batch, shared?: number): Decoding;
}

/** The state of a greedy decoding between its steps: rows with their caches. */
export interface Decoding {
  /** Whether a token ends a row's answer; a family may have several such tokens. */
  isEnd(id: number): boolean;
  /** The token that rows which have ended read until they are removed. */
  readonly pad: number;
  /** The token that the first step reads, for each row. */
  readonly first: Int32Array;
  /** The logits (rows, V) of the first new token, where the text's own reading gave them; no step is made for it. */
  readonly firstLogits?: Float32Array | undefined;
  /**
   * Feeds of the next step besides the method's parameters.
   * @param ids the token of each row
   */
  feeds(ids: Int32Array): Feeds;
  /** Takes over a step's cache, its outputs without the logits. */
  advance(cache: Feeds): void;
  /** Removes all rows but those at the given indices. */
  keepRows(places: readonly number[]): void;
}
