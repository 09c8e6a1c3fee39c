import type { Batch } from "../../src/backbone/batch.ts";
import type { Row } from "./causalReferences.ts";

/** Texts and targets, each padded on the right to the longest. */
export function batchOf(rows: readonly Row[]): Batch {
  const sourceLength = Math.max(...rows.map(({ text }) => text.length));
  const targetLength = Math.max(...rows.map(({ target }) => target.length));
  const padded = (values: readonly number[], length: number, pad: number): number[] =>
    Array.from({ length }, (_, i) => values[i] ?? pad);
  return {
    rows: rows.length,
    sourceLength,
    targetLength,
    ids: Int32Array.from(rows.flatMap(({ text }) => padded(text, sourceLength, 0))),
    mask: Float32Array.from(rows.flatMap(({ text }) => padded(new Array(text.length).fill(1), sourceLength, 0))),
    labels: Int32Array.from(rows.flatMap(({ target }) => padded(target, targetLength, -100))),
  };
}
