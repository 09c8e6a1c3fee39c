import assert from "node:assert/strict";
import { test } from "node:test";
import { queueEpisode } from "../campaign/queueKills.ts";
import { Counter } from "../campaign/tally.ts";

test("whichever process of a queue is killed (its own, its worker or one that waits), each run finishes exactly once", async () => {
  const counter = new Counter();
  assert.ok((await queueEpisode(1, 0, counter)) > 0, JSON.stringify(counter.tried));
});
