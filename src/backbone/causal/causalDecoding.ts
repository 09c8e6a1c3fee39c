import { HeldTensor } from "../../engine/heldTensor.ts";
import type { PositionGap } from "../batch.ts";
import { allRowsAt, tensor, type Feeds } from "../feeds.ts";
import type { Decoding } from "../hostFeeds.ts";
import { AppendedCache, LATEST } from "./appendedCache.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { laterScoreFeeds, refuseTooLong, rotationFeeds } from "./causalInputs.ts";

/** Where a decoding starts: the text's keys and values, and the logits of the first new token. */
export interface DecodingStart {
  kept: Feeds;
  firstLogits: Float32Array;
  /** Columns of prompt and text. */
  columns: number;
  /** Tokens of the prompt, and of each row's text. */
  prompt: number;
  texts: readonly number[];
  /** Positions of prompt and text that no token has. */
  gap?: PositionGap | undefined;
}

/**
 * Decoding with the keys and values of prompt and text, and those of the new tokens, one more a step: appended to the
 * text's, or, where they stay on the device, in tensors of their own that grow there.
 */
export class CausalDecoding implements Decoding {
  readonly pad: number;
  readonly first: Int32Array;
  readonly firstLogits: Float32Array;
  private kept: Feeds;
  private past: Feeds = {};
  /** Absent: keys and values stay on the device. */
  private readonly cache: AppendedCache | undefined;
  private texts: readonly number[];
  private readonly prompt: number;
  private readonly gap: PositionGap | undefined;
  private readonly columns: number;
  private steps = 0;

  constructor(
    private readonly config: CausalConfig,
    { kept, firstLogits, columns, prompt, texts, gap }: DecodingStart,
  ) {
    const { pad, keyValueHeads, headWidth } = config;
    this.pad = pad;
    this.prompt = prompt;
    this.gap = gap;
    this.texts = texts;
    this.first = new Int32Array(texts.length).fill(pad);
    this.firstLogits = firstLogits;
    this.columns = columns;
    const parts = config.layers.flatMap((_, i) => [`Key${i}`, `Value${i}`]);
    if (Object.values(kept).some((each) => each instanceof HeldTensor)) {
      this.kept = kept;
      for (const part of parts)
        this.past[`past${part}`] = tensor(new Float32Array(0), texts.length, keyValueHeads, 0, headWidth);
      return;
    }
    const names = parts.map((part) => `kept${part}`);
    this.cache = new AppendedCache(Object.fromEntries(names.map((name) => [name, kept[name]!])), names);
    this.kept = {};
  }

  isEnd(id: number): boolean {
    return this.config.ends.includes(id);
  }

  feeds(ids: Int32Array): Feeds {
    const { prompt, texts, steps, gap } = this;
    const left = gap?.count ?? 0;
    const lengths = texts.map((text) => prompt + text);
    const places = Int32Array.from(texts, (text) => text + steps);
    const rows = lengths.map((length) => ({ from: length + steps, length: length + left + steps + 1, gap }));
    refuseTooLong(this.config, Math.max(...rows.map(({ length }) => length)));
    return {
      ...this.kept,
      ...this.past,
      ...this.cache?.feeds,
      ...rotationFeeds(this.config, rows, 1),
      ...laterScoreFeeds(this.config, {
        lengths,
        kept: this.columns,
        behind: steps + 1,
        queries: 1,
        spare: this.cache?.spare,
        gap,
      }),
      ids: tensor(ids, ids.length, 1),
      places: tensor(places, ids.length, 1),
      absolute: tensor(
        places.map((place) => prompt + left + place),
        ids.length,
        1,
      ),
    };
  }

  advance(cache: Feeds): void {
    this.steps++;
    if (this.cache !== undefined) {
      this.cache.append(cache[LATEST]!);
      return;
    }
    this.past = Object.fromEntries(
      Object.entries(cache).map(([name, value]) => [name.replace("present", "past"), value]),
    );
  }

  keepRows(places: readonly number[]): void {
    this.kept = allRowsAt(this.kept, places);
    this.past = allRowsAt(this.past, places);
    this.cache?.keepRows(places);
    this.texts = places.map((place) => this.texts[place]!);
  }
}
