import assert from "node:assert/strict";
import { test } from "node:test";
import { queueEpisode } from "../campaign/queueKills.ts";
import { Counter } from "../campaign/tally.ts";

test("whatever is killed of a queue, its process, its worker or who waits for it, each run comes to its end, and once", async () => {
  const counter = new Counter();
  assert.ok((await queueEpisode(1, 0, counter)) > 0, JSON.stringify(counter.tried));
});
