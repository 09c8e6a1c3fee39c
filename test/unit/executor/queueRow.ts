import type { QueueRow } from "../../../src/executor/slurm/squeue.ts";

/** A row of squeue for the first task of an array. */
export const queueRow = (state: string, more: Partial<QueueRow> = {}): QueueRow => ({
  task: "s/0",
  job: "1_0",
  state,
  reason: "None",
  node: "",
  startsAt: undefined,
  endsAt: undefined,
  restarts: 0,
  exit: 0,
  ...more,
});
