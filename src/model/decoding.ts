import type { Feeds } from "../backbone/feeds.ts";
import type { Decoding } from "../backbone/hostFeeds.ts";
import { likeliestToken, type ChooseToken } from "./chooseToken.ts";

/**
 * At or below this share of rows that have not ended, the ended rows are removed from the computation; moving the other
 * rows then costs less than computing the ended ones.
 */
const SPARSE = 0.75;

/** How decoding runs. */
export interface DecodingOptions {
  vocabulary: number;
  maxTokens: number;
  /** Chooses each new token; the likeliest by default. */
  choose?: ChooseToken | undefined;
  /** Whether rows continue after their end token, so that every model makes as many steps; for timing. */
  endless?: boolean | undefined;
  /** The most tokens of each row, where it is fewer. */
  limits?: readonly number[] | undefined;
  /** Called with the logits (rows, 1, vocabulary) of the first new token. */
  first?: ((logits: Float32Array) => void) | undefined;
}

/** The logits (rows, 1, vocabulary) of new token `t`: those that the text's own reading gave, or of a step. */
async function nextLogits(
  step: (feeds: Feeds) => Promise<Feeds>,
  decoding: Decoding,
  ids: Int32Array,
  t: number,
): Promise<Float32Array> {
  if (t === 0 && decoding.firstLogits !== undefined) return decoding.firstLogits;
  const { logits, ...cache } = await step(decoding.feeds(ids));
  decoding.advance(cache);
  return logits!.data as Float32Array;
}

/**
 * Decodes token by token with cached keys and values; rows that have ended are removed once they are many.
 * @param step one decoding step: logits (rows, 1, vocabulary) and the next step's cache
 * @returns ids of each row up to and including its end token, at most `maxTokens`
 */
export async function decodeTokens(
  step: (feeds: Feeds) => Promise<Feeds>,
  decoding: Decoding,
  { vocabulary, maxTokens, choose = likeliestToken, endless = false, limits, first }: DecodingOptions,
): Promise<number[][]> {
  let ids = decoding.first;
  const results: number[][] = Array.from(ids, () => []);
  let active = results.map((_, row) => row);
  let ended = new Set<number>();
  for (let t = 0; t < maxTokens && ended.size < active.length; t++) {
    const logits = await nextLogits(step, decoding, ids, t);
    if (t === 0) first?.(logits);
    ids = Int32Array.from(active, (row, place) => {
      if (ended.has(place)) return decoding.pad;
      const id = choose(logits.subarray(place * vocabulary, (place + 1) * vocabulary), row);
      results[row]!.push(id);
      const isFull = limits !== undefined && results[row]!.length >= limits[row]!;
      if (isFull || (decoding.isEnd(id) && !endless)) ended.add(place);
      return id;
    });
    const places = active.map((_, place) => place).filter((place) => !ended.has(place));
    if (places.length === 0 || places.length > SPARSE * active.length) continue;
    decoding.keepRows(places);
    ids = Int32Array.from(places, (place) => ids[place]!);
    active = places.map((place) => active[place]!);
    ended = new Set();
  }
  return results;
}
