import type { ExampleList, ExampleShape } from "../batch/exampleList.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import { CUT, type ExampleStore } from "./exampleStore.ts";

/** Chosen examples of a store, in the order given. */
export class StoredExamples implements ExampleList {
  /** @param rows the examples' places in the store */
  constructor(
    private readonly store: ExampleStore,
    private readonly rows: Int32Array,
  ) {}

  get length(): number {
    return this.rows.length;
  }

  at(index: number): TokenisedExample | undefined {
    const row = this.rows[index];
    return row === undefined ? undefined : this.store.example(row);
  }

  shape(index: number): ExampleShape {
    const row = this.rows[index]!;
    const { source, target, cut } = this.store.columns;
    return {
      source: source[row]!,
      target: target[row]!,
      isSourceCut: (cut[row]! & CUT.source) !== 0,
      isTargetCut: (cut[row]! & CUT.target) !== 0,
    };
  }
}
