import { padBatch } from "../../training/batch/padBatch.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import type { Batch } from "../../backbone/batch.ts";

const BATCH = 64;

/** Makes batches of 64 examples in their order, each padded to its longest text. */
export const batchesOf = (examples: readonly TokenisedExample[]): Batch[] =>
  Array.from({ length: Math.ceil(examples.length / BATCH) }, (_, i) =>
    padBatch(examples.slice(i * BATCH, (i + 1) * BATCH)),
  );
