import { padBatch } from "../../training/batch/padBatch.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import type { Batch } from "../../backbone/batch.ts";

const BATCH = 64;

/** Examples in their order, 64 to a batch, each batch padded to its longest text. */
export const batchesOf = (examples: readonly TokenisedExample[]): Batch[] =>
  Array.from({ length: Math.ceil(examples.length / BATCH) }, (_, i) =>
    padBatch(examples.slice(i * BATCH, (i + 1) * BATCH)),
  );
