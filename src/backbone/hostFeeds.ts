import type { Batch } from "./batch.ts";
import type { Feeds } from "./feeds.ts";

/** What the host feeds a family's graphs: ids, masks, and whatever the family computes of positions. */
export interface HostFeeds {
  /** Of prompt and text, for `forward` and `prefill`. @param prompt tokens of the prompt */
  source(batch: Batch, prompt: number): Feeds;
  /** Of the target, for `forward` and `resume`: the tokens that are read. The labels are fed by the caller. */
  target(batch: Batch, prompt: number): Feeds;
  /** What `resume` and `step` are fed of a text. @param kept outputs of `prefill` @param source what `source` fed it */
  kept(kept: Feeds, source: Feeds): Feeds;
  /** A greedy decoding of the batch's rows. @param kept what the method of that name gave */
  decoding(kept: Feeds, batch: Batch): Decoding;
}

/** The state of a greedy decoding between its steps: rows with their caches. */
export interface Decoding {
  /** The token that ends a row's answer. A family may have several. */
  isEnd(id: number): boolean;
  /** What rows that have ended read until they are left out. */
  readonly pad: number;
  /** The token of each row that the first step reads. */
  readonly first: Int32Array;
  /** What the next step is fed besides the method's parameters. @param ids the token of each row */
  feeds(ids: Int32Array): Feeds;
  /** Takes over a step's cache, its outputs without the logits. */
  advance(cache: Feeds): void;
  /** Goes on with the rows at these places alone. */
  keepRows(places: readonly number[]): void;
}
