import type { Batch } from "../backbone/batch.ts";
import type { Feeds } from "../backbone/feeds.ts";
import { freeHeld } from "../engine/heldTensor.ts";

/** The fewest columns of prompt and shared tokens that are worth a pass of their own. */
const LEAST = 16;
const KEPT = /^kept(Key|Value)/;

/** What is kept of the start that all texts of an evaluation share, with the prompt: of the latest evaluation. */
export class SharedStart {
  private reading: number | undefined;
  private kept: Feeds = {};
  /** How often a start was read. */
  readings = 0;

  /**
   * The start's keys and values, for one row, named as `prefillBehind` reads them; undefined where it is not worth it.
   * @param prompt the prompt's length in tokens
   * @param read reads a batch of one row as `prefill`
   */
  async of(batch: Batch, prompt: number, read: (start: Batch) => Promise<Feeds>): Promise<Feeds | undefined> {
    const { shared } = batch;
    if (shared === undefined || shared.tokens === 0 || prompt + shared.tokens < LEAST) return undefined;
    if (this.reading === shared.reading) return this.kept;
    this.release();
    const found = await read(startOf(batch, shared.tokens));
    this.readings++;
    for (const [name, value] of Object.entries(found))
      if (KEPT.test(name)) this.kept[name.replace("kept", "shared")] = value;
      else freeHeld({ value });
    this.reading = shared.reading;
    return this.kept;
  }

  /** Frees what the device holds. */
  release(): void {
    freeHeld(this.kept);
    this.kept = {};
    this.reading = undefined;
  }
}

/** The first tokens of a batch, as one row. */
const startOf = (batch: Batch, tokens: number): Batch => ({
  rows: 1,
  sourceLength: tokens,
  targetLength: 1,
  ids: batch.ids.subarray(0, tokens),
  mask: new Float32Array(tokens).fill(1),
  labels: Int32Array.of(-100),
});
