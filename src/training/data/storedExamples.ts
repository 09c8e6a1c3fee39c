import type { Example } from "../../task/example.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import type { ExampleList, ExampleShape } from "./exampleList.ts";
import { FIELD } from "./exampleRecord.ts";
import type { ExampleStore } from "./exampleStore.ts";

const SHAPE = [FIELD.source, FIELD.target, FIELD.cutSource, FIELD.cutTarget] as const;

/** Chosen examples of a store, in the order given. Of each, 20 bytes are in memory: its place and its sizes. */
export class StoredExamples implements ExampleList {
  private readonly shapes: Uint32Array;

  /** @param rows the examples' places in the store */
  constructor(
    private readonly store: ExampleStore,
    private readonly rows: Int32Array,
  ) {
    const places = placesOf(rows, store.count);
    this.shapes = new Uint32Array(rows.length * SHAPE.length);
    store.scan((fields, example) => {
      const at = places[example]!;
      if (at >= 0) for (const [own, field] of SHAPE.entries()) this.shapes[at * SHAPE.length + own] = fields[field]!;
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
    const [source, target, cutSource, cutTarget] = this.shapes.subarray(
      index * SHAPE.length,
      (index + 1) * SHAPE.length,
    ) as unknown as [number, number, number, number];
    return { source, target, cutSource, cutTarget };
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
