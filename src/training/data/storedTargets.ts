import type { Example } from "../../task/example.ts";
import type { CountedTarget, ExampleSource } from "../../task/exampleSource.ts";
import { hashKey, textHash } from "../../task/counts/textHash.ts";
import type { ExampleStore } from "./exampleStore.ts";

/** The most different targets whose texts are kept in memory. */
const MOST_TEXTS = 1 << 16;

/** The targets of chosen examples of a store, by hashes of 53 bits: eight bytes an example. */
export class StoredTargets implements ExampleSource {
  private readonly keys: Float64Array;
  private readonly texts = new Map<number, string>();

  /** @param rows the examples' places in the store */
  constructor(
    private readonly store: ExampleStore,
    private readonly rows: Int32Array,
  ) {
    const { key } = store.columns;
    this.keys = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at++) this.keys[at] = key[rows[at]!]!;
  }

  get length(): number {
    return this.rows.length;
  }

  example(index: number): Example {
    return this.store.text(this.rows[index]!);
  }

  target(index: number): string {
    const key = this.keys[index]!;
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    const { target } = this.example(index);
    if (this.texts.size < MOST_TEXTS) this.texts.set(key, target);
    return target;
  }

  counted(most = MOST_TEXTS): CountedTarget[] | undefined {
    const counts = new Map<number, { first: number; count: number }>();
    for (const [at, key] of this.keys.entries()) {
      const known = counts.get(key);
      if (known !== undefined) known.count++;
      else if (counts.size === most) return undefined;
      else counts.set(key, { first: at, count: 1 });
    }
    return [...counts.values()].map(({ first, count }) => ({ text: this.target(first), count }));
  }

  distinct(): number {
    const sorted = this.keys.slice().sort();
    return sorted.reduce((count, key, at) => count + Number(at === 0 || key !== sorted[at - 1]), 0);
  }

  commonest(): string {
    const sorted = this.keys.slice().sort();
    let most = 1;
    // Where no target comes twice, the first is as common as any.
    let best = new Set([this.keys[0]]);
    for (let from = 0; from < sorted.length;) {
      let to = from;
      while (to < sorted.length && sorted[to] === sorted[from]) to++;
      if (to - from > most) best = new Set();
      if (to - from >= most && to - from > 1) best.add(sorted[from]);
      most = Math.max(most, to - from);
      from = to;
    }
    return this.target(this.keys.findIndex((key) => best.has(key)));
  }

  count(target: string): number {
    const key = hashKey(textHash(target));
    return this.keys.reduce((count, each) => count + Number(each === key), 0);
  }
}
