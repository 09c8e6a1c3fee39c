import type { Batch } from "../../src/backbone/batch.ts";
import { padBatch } from "../../src/training/batch/padBatch.ts";
import type { Row } from "./causalReferences.ts";

/** Texts and targets, each padded on the right to the longest. */
export const batchOf = (rows: readonly Row[]): Batch =>
  padBatch(rows.map(({ text, target }) => ({ input: "", target: "", ids: text, labels: target })));
