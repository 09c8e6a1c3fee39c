import { changeBytes } from "./changeBytes.ts";
import { changeValues, poolOf, type Pool } from "./changeValues.ts";
import { Random, seedOf } from "./random.ts";
import type { Reader } from "./reader.ts";

/** Inputs that share a pool of values. */
const BATCH = 2000;

/** The inputs of a reader by their number: each can be made again without the others. */
export class Inputs {
  private readonly corpus: readonly Buffer[];
  private readonly values: readonly unknown[];
  private pool: { batch: number; pool: Pool } | undefined;

  constructor(
    private readonly reader: Reader,
    private readonly seed: number,
  ) {
    this.corpus = reader.corpus();
    this.values = reader.json === true ? this.corpus.map((each): unknown => JSON.parse(each.toString())) : [];
  }

  at(index: number): Buffer {
    if (index < this.corpus.length) return this.corpus[index]!;
    const random = new Random(seedOf(this.reader.name), this.seed, index);
    const isMended = this.reader.mend !== undefined && random.chance(0.7);
    const changed = this.changed(random, index);
    return isMended ? this.reader.mend!(changed) : changed;
  }

  private changed(random: Random, index: number): Buffer {
    if (this.reader.make !== undefined && random.chance(0.5)) {
      const made = this.reader.make(random);
      return random.chance(0.6) ? made : changeBytes(made, random, this.corpus);
    }
    if (this.values.length === 0 || random.chance(0.35))
      return changeBytes(random.one(this.corpus), random, this.corpus);
    return changeValues(random.one(this.values), random, this.poolOf(Math.floor(index / BATCH)), this.values);
  }

  private poolOf(batch: number): Pool {
    if (this.pool?.batch !== batch)
      this.pool = { batch, pool: poolOf((seedOf(this.reader.name) ^ this.seed ^ batch) | 0) };
    return this.pool.pool;
  }
}
