import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadParts } from "../../host/loadParts.ts";

const {
  cancellableWait,
  vscode: { waits },
} = await loadParts();
beforeEach(() => {
  waits.length = 0;
});

test("a short wait is shown in the status bar and asks nothing", async () => {
  assert.equal(
    await cancellableWait(
      "short",
      async () => {
        await sleep(10);
        return 7;
      },
      200,
    ),
    7,
  );
  await sleep(250);
  assert.deepEqual(
    waits.map(({ title, cancel, over }) => [title, cancel, over]),
    [["short", undefined, true]],
  );
});

test("a long wait can be cancelled: it ends at once, its work is aborted, and a late answer or failure is dropped", async () => {
  let heard = false;
  let finish: (error: Error) => void = () => {
    /* not yet at work */
  };
  const waiting = cancellableWait(
    "long",
    (signal) =>
      new Promise<number>((_, reject) => {
        finish = reject;
        signal.addEventListener("abort", () => {
          heard = true;
        });
      }),
    20,
  );
  await sleep(60);
  assert.equal(waits.length, 2);
  assert.ok(waits[1]?.cancel !== undefined && !waits[1].over);
  waits[1].cancel();
  assert.equal(await waiting, undefined);
  assert.ok(heard);
  finish(new Error("too late"));
  await sleep(10);
  assert.ok(
    waits.every(({ over }) => over),
    "no notification is left behind",
  );
});

test("a failure rejects for the caller, and ends the progress", async () => {
  await assert.rejects(
    cancellableWait(
      "fails",
      async () => {
        await sleep(30);
        throw new Error("no");
      },
      10,
    ),
    /no/,
  );
  await sleep(10);
  assert.ok(waits.length === 2 && waits.every(({ over }) => over));
});
