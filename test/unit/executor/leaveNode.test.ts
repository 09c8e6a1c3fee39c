import assert from "node:assert/strict";
import { test } from "node:test";
import { leaveNode } from "../../../src/executor/slurm/leaveNode.ts";

/** A task whose run began from step 5, and whose job may not be requeued from here. */
const task = (checkpointStep: number) =>
  ({ run: { record: () => ({ checkpointStep }) }, job: undefined, from: 5, mayRequeue: false }) as never;

test("a worker that is asked to end stays until it is killed; before the time limit, without a requeue, it ends", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let hasEnded = false;
  const stays = leaveNode(task(9), "end").then(() => {
    hasEnded = true;
  });
  await leaveNode(task(9), "time");
  await leaveNode(task(5), "time");
  t.mock.timers.tick(9 * 60_000);
  await Promise.resolve();
  assert.equal(hasEnded, false);
  // Who sent the signal by hand gets the node back.
  t.mock.timers.tick(60_000);
  await stays;
  assert.equal(hasEnded, true);
});
