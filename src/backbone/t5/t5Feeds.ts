import type { Batch } from "../batch.ts";
import { allRowsAt, causalMask, MASKED, tensor, type Feeds } from "../feeds.ts";
import type { Decoding, EmbeddedTokens, HostFeeds } from "../hostFeeds.ts";
import { relativeBuckets } from "./relativeBuckets.ts";
import type { T5Config } from "./t5Config.ts";

/** The feeds of a T5's graphs: masks, relative position buckets, the decoder's ids. */
export class T5Feeds implements HostFeeds {
  constructor(private readonly config: T5Config) {}

  source({ rows, sourceLength, ids, mask }: Batch, prompt: number): Feeds {
    const length = prompt + sourceLength;
    const scores = new Float32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < sourceLength; i++)
        if (mask[row * sourceLength + i] === 0) scores[row * length + prompt + i] = MASKED;
    }
    const buckets = relativeBuckets(this.config, { queries: length, keys: length, from: 0, bidirectional: true });
    const places = Int32Array.from({ length: sourceLength }, (_, i) => i);
    return {
      positions: tensor(places, sourceLength),
      ids: tensor(ids, rows, sourceLength),
      mask: tensor(scores, rows, length),
      encoderBuckets: tensor(buckets, length, length),
    };
  }

  whole(batch: Batch, prompt: number): Feeds {
    return { ...this.source(batch, prompt), ...this.target(batch) };
  }

  embedded({ ids, mask, sourceLength }: Batch): EmbeddedTokens {
    return { ids, mask, columns: sourceLength };
  }

  losses(values: Float32Array): Float32Array {
    return values;
  }

  /** The decoder reads the start token and the labels without the last one; padded labels become the padding token. */
  target({ rows, targetLength: T, labels }: Batch): Feeds {
    const ids = new Int32Array(rows * T);
    for (let row = 0; row < rows; row++) {
      ids[row * T] = this.config.start;
      for (let i = 1; i < T; i++) ids[row * T + i] = Math.max(labels[row * T + i - 1]!, this.config.pad);
    }
    const buckets = relativeBuckets(this.config, { queries: T, keys: T, from: 0, bidirectional: false });
    return {
      decoderIds: tensor(ids, rows, T),
      causal: tensor(causalMask(T), T, T),
      decoderBuckets: tensor(buckets, T, T),
      labels: tensor(labels, rows, T),
    };
  }

  kept(kept: Feeds, { mask }: Feeds): Feeds {
    return { ...kept, crossMask: mask! };
  }

  decoding(kept: Feeds, { rows }: Batch): Decoding {
    return new T5Decoding(this.config, kept, rows);
  }
}

/** Decoding with the encoder's keys and values and the decoder's own, which grow by one position per step. */
export class T5Decoding implements Decoding {
  readonly pad: number;
  readonly first: Int32Array;
  /** Keys, values and masks: (rows, ..) each. */
  private perRow: Feeds;
  private steps = 0;

  constructor(
    private readonly config: T5Config,
    kept: Feeds,
    rows: number,
  ) {
    this.pad = config.pad;
    this.first = new Int32Array(rows).fill(config.start);
    this.perRow = { ...kept };
    for (let i = 0; i < config.decoderLayers; i++)
      for (const part of ["Key", "Value"])
        this.perRow[`past${part}${i}`] = tensor(new Float32Array(0), rows, config.heads, 0, config.headWidth);
  }

  isEnd(id: number): boolean {
    return id === this.config.eos;
  }

  feeds(ids: Int32Array): Feeds {
    const keys = this.steps + 1;
    const buckets = relativeBuckets(this.config, { queries: 1, keys, from: this.steps, bidirectional: false });
    return {
      ...this.perRow,
      decoderIds: tensor(ids, ids.length, 1),
      decoderBuckets: tensor(buckets, 1, keys),
    };
  }

  advance(cache: Feeds): void {
    for (const [name, value] of Object.entries(cache)) this.perRow[name.replace("present", "past")] = value;
    this.steps++;
  }

  keepRows(places: readonly number[]): void {
    this.perRow = allRowsAt(this.perRow, places);
  }
}
