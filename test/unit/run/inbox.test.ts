import assert from "node:assert/strict";
import fs, { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { appendEvents, Journal } from "../../../src/run/journal/journal.ts";
import { JournalTail } from "../../../src/run/journal/journalTail.ts";
import { readJournal } from "../../../src/run/journal/readJournal.ts";
import { annotateRun, deliverPosts } from "../../../src/run/journal/sharedJournal.ts";
import { writeRun } from "../../host/manyRuns.ts";

function inRun(name: string, work: (run: RunDirectory) => void, finished = false): void {
  test(name, () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-inbox-"));
    try {
      work(writeRun(join(folder, "runs"), "20260101-000000-aaaa", { steps: 3, finished }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
/** Gives the run's lease to another living process, as a worker would have it. */
const hold = (run: RunDirectory): void => {
  assert.ok(run.acquireLease(process.ppid, { start: 1 }));
};
const leave = (run: RunDirectory): void => {
  rmSync(join(run.path, "lease"));
};
const notes = (run: RunDirectory): (string | undefined)[] =>
  readJournal(run.path).events.flatMap((event) => (event.type === "annotated" ? [event.note] : []));
const inbox = (run: RunDirectory): string[] => readdirSync(join(run.path, "inbox"));
function takeIn(run: RunDirectory): void {
  const journal = new Journal(run.path);
  try {
    journal.takeIn();
  } finally {
    journal.close();
  }
}

inRun("what is said of a run at work waits in its inbox, is read at once, and gets into the journal once", (run) => {
  const tail = new JournalTail(run.path);
  tail.read();
  hold(run);
  const before = readJournal(run.path).events.length;
  annotateRun(run.path, { note: "one" });
  annotateRun(run.path, { note: "two" });
  assert.deepEqual([notes(run), run.record().note, inbox(run).length], [[], "two", 2]);
  const read = (): string[] => tail.read().flatMap((event) => (event.type === "annotated" ? [event.note ?? ""] : []));
  assert.deepEqual([read(), read()], [["one", "two"], []]);
  takeIn(run);
  assert.deepEqual([notes(run), run.record().note, inbox(run)], [["one", "two"], "two", []]);
  assert.deepEqual(read(), [], "the tail has told of them");
  takeIn(run);
  assert.equal(readJournal(run.path).events.length, before + 2);
  assert.deepEqual(new JournalTail(run.path).read().filter(({ type }) => type === "annotated").length, 2);
});

inRun("with nobody at work it goes into the journal at once, after what waits, and leaves no lease", (run) => {
  hold(run);
  annotateRun(run.path, { note: "one" });
  leave(run);
  annotateRun(run.path, { note: "two" });
  assert.deepEqual([notes(run), inbox(run), readdirSync(run.path).includes("lease")], [["one", "two"], [], false]);
});

inRun("what came after the holder's last look is delivered by whoever of the two is later", (run) => {
  hold(run);
  annotateRun(run.path, { note: "one" });
  assert.deepEqual(notes(run), []);
  leave(run);
  deliverPosts(run.path);
  assert.deepEqual([notes(run), inbox(run)], [["one"], []]);
});

inRun("the lease of a worker that has died stays until its death is recorded", (run) => {
  writeFileSync(join(run.path, "lease"), JSON.stringify({ pid: 2 ** 22 + 1, started: "1" }));
  annotateRun(run.path, { note: "one" });
  assert.deepEqual([run.hasLostWorker(), notes(run), run.record().note], [true, [], "one"]);
});

inRun(
  "the lease that an ended run's worker left is no obstacle",
  (run) => {
    writeFileSync(join(run.path, "lease"), JSON.stringify({ pid: 2 ** 22 + 1, started: "1" }));
    annotateRun(run.path, { note: "one" });
    assert.deepEqual(notes(run), ["one"]);
  },
  true,
);

type Called = (this: void, ...args: unknown[]) => unknown;
const CALLS = ["openSync", "writeSync", "fsyncSync", "rmSync"] as const;
class Killed extends Error {}

/**
 * Runs `work` and lets it die at its nth operation on files, a write after half of its bytes.
 * @returns whether it died
 */
function killedAt(nth: number, work: () => void): boolean {
  const table = fs as unknown as Record<string, Called>;
  const kept = CALLS.map((name) => table[name]!);
  let calls = 0;
  CALLS.forEach((name, i) => {
    table[name] = (...args) => {
      if (calls++ < nth) return kept[i]!(...args);
      if (calls === nth + 1 && name === "writeSync") {
        const bytes = args[1] as Buffer;
        kept[i]!(args[0], bytes.subarray(0, bytes.length >> 1));
      }
      throw new Killed();
    };
  });
  syncBuiltinESMExports();
  try {
    work();
  } catch (error) {
    // Opening a file for reading wraps the error.
    if (!(error instanceof Killed || (error as Error).cause instanceof Killed)) throw error;
  } finally {
    CALLS.forEach((name, i) => {
      table[name] = kept[i]!;
    });
    syncBuiltinESMExports();
  }
  return calls > nth;
}

inRun("a holder that is killed at any moment of taking in loses nothing, and doubles nothing", (run) => {
  let died = true;
  let expected: string[] = [];
  for (let nth = 0; died; nth++) {
    const own = [`first ${nth}`, `second ${nth}`];
    hold(run);
    for (const note of own) annotateRun(run.path, { note });
    leave(run);
    died = killedAt(nth, () => {
      takeIn(run);
    });
    assert.equal(run.record().note, own[1], `killed at ${nth}`);
    // What is said after it must not be taken back by what is taken in again.
    const last = `last ${nth}`;
    annotateRun(run.path, { note: last });
    expected = [...expected, ...own, last];
    assert.deepEqual([notes(run), run.record().note, inbox(run)], [expected, last, []], `killed at ${nth}`);
    assert.ok(nth < 100);
  }
  assert.ok(expected.length >= 18, `${expected.length / 3} moments`);
});

inRun("files that are no events of this inbox are passed over and stay", (run) => {
  hold(run);
  annotateRun(run.path, { note: "one" });
  const [name] = inbox(run);
  const other = "1700000000000-000001-0000aaaa.json";
  writeFileSync(join(run.path, "inbox", other), "{}");
  writeFileSync(join(run.path, "inbox", "note.json"), "{}");
  takeIn(run);
  assert.deepEqual([notes(run), inbox(run).sort()], [["one"], [other, "note.json"]]);
  assert.notEqual(name, undefined);
});

inRun("nothing is put through a link in the place of the inbox, and no deleted run comes back", (run) => {
  hold(run);
  symlinkSync(tmpdir(), join(run.path, "inbox"));
  assert.throws(() => {
    annotateRun(run.path, { note: "one" });
  }, /is a symbolic link/);
  rmSync(run.path, { recursive: true });
  assert.throws(() => {
    annotateRun(run.path, { note: "one" });
  }, /is gone/);
  assert.equal(fs.existsSync(run.path), false);
});

inRun("a lease that is held for a moment counts as no worker, and gets no signal", (run) => {
  assert.ok(run.acquireLease(process.ppid, { brief: true }));
  assert.deepEqual([run.isWorkerAlive(), run.workerPid, run.hasLostWorker()], [false, undefined, false]);
  assert.equal(run.acquireLease(process.pid, { start: 1 }), false, "it is a lease all the same");
  appendEvents(run.path, { type: "heartbeat", pid: 1 });
});
