import type { Example } from "../../task/example.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import type { ExampleList, ExampleShape } from "../batch/exampleList.ts";
import { FIELD } from "./exampleRecord.ts";
import type { ExampleStore } from "./exampleStore.ts";

/** What of an example was cut. */
const CUT = { source: 1, target: 2 } as const;

/** Chosen examples of a store, in the order given. Of each, 13 bytes are in memory: its place and its sizes. */
export class StoredExamples implements ExampleList {
  private readonly sources: Uint32Array;
  private readonly targets: Uint32Array;
  private readonly cuts: Uint8Array;

  /** @param rows the examples' places in the store */
  constructor(
    private readonly store: ExampleStore,
    private readonly rows: Int32Array,
  ) {
    const places = placesOf(rows, store.count);
    this.sources = new Uint32Array(rows.length);
    this.targets = new Uint32Array(rows.length);
    this.cuts = new Uint8Array(rows.length);
    store.scan((fields, example) => {
      const at = places[example]!;
      if (at < 0) return;
      this.sources[at] = fields[FIELD.source]!;
      this.targets[at] = fields[FIELD.target]!;
      this.cuts[at] = (fields[FIELD.cutSource]! > 0 ? CUT.source : 0) + (fields[FIELD.cutTarget]! > 0 ? CUT.target : 0);
    });
  }

  get length(): number {
    return this.rows.length;
  }

  at(index: number): TokenisedExample | undefined {
    const row = this.rows[index];
    return row === undefined ? undefined : this.store.example(row);
  }

  shape(index: number): ExampleShape {
    const cut = this.cuts[index]!;
    return {
      source: this.sources[index]!,
      target: this.targets[index]!,
      isSourceCut: (cut & CUT.source) !== 0,
      isTargetCut: (cut & CUT.target) !== 0,
    };
  }

  /** An example as text. */
  text(index: number): Example {
    return this.store.text(this.rows[index]!);
  }
}

/** Where each example of a store stands among the chosen ones; -1 where it does not. */
function placesOf(rows: Int32Array, count: number): Int32Array {
  const places = new Int32Array(count).fill(-1);
  for (let at = 0; at < rows.length; at++) places[rows[at]!] = at;
  return places;
}
