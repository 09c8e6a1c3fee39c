import { SPLITS, type SplitName } from "../splitNames.ts";
import { hashKey, textHash } from "./textHash.ts";

/** Different values of a column that are counted; of more, a sample. */
const MOST = 8192;
/** Values whose text is kept, so that a note can show one, and the most characters of it. */
const SHOWN = 16;
const LONGEST = 200;

/** One value: how many examples of each split have it, and the first of each. */
export interface CountedValue {
  counts: Record<SplitName, number>;
  first: Record<SplitName, number>;
  /** The key of its first training target; undefined where training lacks the value. */
  target: number | undefined;
}

/** The text of a value, and of a target that it has. */
export interface ShownValue {
  text: string;
  target: string;
}

/** Whether a key belongs to a sample of one of 2^level. Keys are hashes, so that their low bits are even. */
const isIn = (key: number, level: number): boolean => key % 2 ** level === 0;

/**
 * Counts the values of a column. Of more than 8,192 different ones it keeps those whose hash ends in zeros, half as
 * many at each step: the same sample whatever the order in which values come, so that tables of parts can be joined.
 */
export class ColumnTable {
  private readonly values: Map<number, CountedValue>;
  private readonly shown: Map<number, ShownValue>;
  /** Whether a value that is, or was, counted has two training targets. */
  private torn: boolean;
  /** One of 2^level different values is counted. */
  private level: number;
  /** The characters of all values, and their number. */
  private length: number;
  private count: number;

  constructor(state: ColumnState = { values: [], shown: [], torn: false, level: 0, length: 0, count: 0 }) {
    this.values = new Map(state.values.map(([key, value]) => [key, structuredClone(value)]));
    this.shown = new Map(state.shown);
    this.torn = state.torn;
    this.level = state.level;
    this.length = state.length;
    this.count = state.count;
  }

  /** @param example the number of the example in its split */
  add(split: SplitName, value: string, { target, example }: { target: string; example: number }): void {
    this.length += value.length;
    this.count++;
    const key = hashKey(textHash(value));
    if (!isIn(key, this.level)) return;
    const known = this.values.get(key) ?? this.fresh(key);
    if (known.counts[split]++ === 0) known.first[split] = example;
    if (split !== "train") return;
    this.show(key, { text: value.slice(0, LONGEST), target: target.slice(0, LONGEST) });
    const own = hashKey(textHash(target));
    if (known.target === undefined) known.target = own;
    else if (known.target !== own) this.torn = true;
  }

  private fresh(key: number): CountedValue {
    const value: CountedValue = {
      counts: { train: 0, validation: 0, test: 0 },
      first: { train: 0, validation: 0, test: 0 },
      target: undefined,
    };
    this.values.set(key, value);
    while (this.values.size > MOST) this.drop(++this.level);
    return value;
  }

  private show(key: number, value: ShownValue): void {
    if (this.shown.size < SHOWN && !this.shown.has(key)) this.shown.set(key, value);
  }

  private drop(level: number): void {
    for (const key of this.values.keys()) if (!isIn(key, level)) this.values.delete(key);
  }

  /** @param before the numbers of examples before those of the other table, by split */
  join(more: ColumnTable, before: Readonly<Record<SplitName, number>>): void {
    this.torn ||= more.torn;
    this.length += more.length;
    this.count += more.count;
    if (more.level > this.level) this.drop(more.level);
    this.level = Math.max(this.level, more.level);
    for (const [key, { counts, first, target }] of more.values) {
      if (!isIn(key, this.level)) continue;
      const known = this.values.get(key) ?? this.fresh(key);
      for (const split of SPLITS) {
        if (known.counts[split] === 0) known.first[split] = before[split] + first[split];
        known.counts[split] += counts[split];
      }
      this.torn ||= known.target !== undefined && target !== undefined && known.target !== target;
      known.target ??= target;
    }
    for (const [key, value] of more.shown) this.show(key, value);
  }

  /** The values that are counted. */
  all(): CountedValue[] {
    return [...this.values.values()];
  }

  /** A value with its text that training has, one that comes often. */
  example(): ShownValue | undefined {
    const known = [...this.shown].flatMap(([key, shown]) => {
      const count = this.values.get(key)?.counts.train ?? 0;
      return count > 0 ? [{ shown, count }] : [];
    });
    return known.sort((a, b) => b.count - a.count)[0]?.shown;
  }

  /** Whether training has a value with two targets. */
  get isTorn(): boolean {
    return this.torn;
  }

  /** How many different values there are for one that is counted. */
  get scale(): number {
    return 2 ** this.level;
  }

  /** The mean number of characters of a value. */
  get meanLength(): number {
    return this.length / Math.max(1, this.count);
  }

  state(): ColumnState {
    return {
      values: [...this.values],
      shown: [...this.shown],
      torn: this.torn,
      level: this.level,
      length: this.length,
      count: this.count,
    };
  }
}

/** The state of a `ColumnTable`, for another thread. */
export interface ColumnState {
  values: readonly (readonly [number, CountedValue])[];
  shown: readonly (readonly [number, ShownValue])[];
  torn: boolean;
  level: number;
  length: number;
  count: number;
}
