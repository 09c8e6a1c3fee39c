import { relativeBuckets } from "../backbone/t5/relativeBuckets.ts";
import { type T5Config } from "../backbone/t5/t5Config.ts";
import type { HostTensor } from "../engine/program.ts";

type Feeds = Record<string, HostTensor>;

/**
 * Below this share of rows that are still at work, those that have ended are left out of what is computed; moving the
 * others costs less than that.
 */
const SPARSE = 0.75;

export interface Decoding {
  config: T5Config;
  vocabulary: number;
  /** what every step is fed: parameters as they are, and the encoder's keys, values and mask, (rows, ...) each */
  fixed: Feeds;
  rows: number;
  maxTokens: number;
  /** rows go on after end-of-sequence: as many steps for every model, for timing */
  endless?: boolean | undefined;
  /** told the logits of the first new token */
  first?: ((logits: Float32Array) => void) | undefined;
}

/** Whether a feed has a row for each text: the encoder's keys, values and mask. */
const isPerRow = (name: string): boolean => name.startsWith("cross") || name.startsWith("past");

/** The rows at these places of a tensor whose first axis is the rows. */
function rowsAt({ data, dims }: HostTensor, places: readonly number[]): HostTensor {
  const size = dims.slice(1).reduce((a, b) => a * b, 1);
  const kept = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    kept.set((data as Float32Array).subarray(place * size, (place + 1) * size), i * size);
  });
  return { data: kept, dims: [places.length, ...dims.slice(1)] };
}

function argmax(data: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (data[from + i]! > data[from + best]!) best = i;
  return best;
}

/**
 * Greedy decoding over cached keys and values, rows that have ended left out as they grow many.
 * @param step one decoding step: logits (rows, 1, vocabulary) and every layer's keys and values with the new ones at
 * their end
 * @returns ids of each row up to and with end-of-sequence, or `maxTokens` of them where they go on
 */
export async function decodeGreedily(
  step: (feeds: Feeds) => Promise<Feeds>,
  { config, vocabulary, fixed, rows, maxTokens, endless = false, first }: Decoding,
): Promise<number[][]> {
  const { heads, headWidth, decoderLayers, eos, start } = config;
  const results: number[][] = Array.from({ length: rows }, () => []);
  let feeds = { ...fixed };
  let ids = new Int32Array(rows).fill(start);
  let active = results.map((_, row) => row);
  let ended = new Set<number>();
  for (let i = 0; i < decoderLayers; i++)
    for (const part of ["Key", "Value"])
      feeds[`past${part}${i}`] = { data: new Float32Array(0), dims: [rows, heads, 0, headWidth] };
  for (let t = 0; t < maxTokens && ended.size < active.length; t++) {
    const buckets = relativeBuckets(config, { queries: 1, keys: t + 1, from: t, bidirectional: false });
    const { logits, ...present } = await step({
      ...feeds,
      decoderIds: { data: ids, dims: [active.length, 1] },
      decoderBuckets: { data: buckets, dims: [1, t + 1] },
    });
    if (t === 0) first?.(logits!.data as Float32Array);
    for (const [name, value] of Object.entries(present)) feeds[name.replace("present", "past")] = value;
    ids = Int32Array.from(active, (row, place) => {
      if (ended.has(place)) return config.pad;
      const id = argmax(logits!.data, place * vocabulary, vocabulary);
      results[row]!.push(id);
      if (id === eos && !endless) ended.add(place);
      return id;
    });
    const places = active.map((_, place) => place).filter((place) => !ended.has(place));
    if (places.length === 0 || places.length > SPARSE * active.length) continue;
    feeds = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [name, isPerRow(name) ? rowsAt(value, places) : value]),
    );
    ids = Int32Array.from(places, (place) => ids[place]!);
    active = places.map((place) => active[place]!);
    ended = new Set();
  }
  return results;
}
