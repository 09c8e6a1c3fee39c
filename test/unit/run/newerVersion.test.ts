import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { isWaiting } from "../../../src/record/record.ts";
import { markInterruptedRuns } from "../../../src/run/interruption/interruptedRuns.ts";
import { Journal } from "../../../src/run/journal/journal.ts";
import { annotateRun } from "../../../src/run/journal/sharedJournal.ts";
import { JournalTail } from "../../../src/run/journal/journalTail.ts";
import { readJournal, readRecord } from "../../../src/run/journal/readJournal.ts";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { readIndex, writeIndex } from "../../../src/run/directory/runIndex.ts";
import { addLaterLine, LATER, makeLater, sealedLine } from "../../host/newerRun.ts";
import { writeRun } from "../../host/manyRuns.ts";

function withRun(name: string, finished: boolean, work: (run: RunDirectory, runsDir: string) => void): void {
  test(name, () => {
    const runsDir = join(mkdtempSync(join(tmpdir(), "adept-newer-")), ".adept/runs");
    try {
      work(writeRun(runsDir, "20260101-000000-aaaa", { steps: 3, finished }), runsDir);
    } finally {
      rmSync(join(runsDir, "../.."), { recursive: true, force: true });
    }
  });
}

const isRefusal = (error: unknown): boolean =>
  error instanceof UserError &&
  /written by a newer ADePT Lab/.test(error.message) &&
  /^Update ADePT Lab/.test(error.action ?? "");

withRun(
  "an unknown type of event is reported once as a newer version's; everything else is read, and nothing is written",
  true,
  (run, runsDir) => {
    const before = run.record();
    addLaterLine(run.path);
    addLaterLine(run.path);
    const bytes = readFileSync(run.eventsPath);
    const { events, bad } = readJournal(run.path);
    const record = run.record();
    assert.equal(bad, 0);
    const text = "This run was written by a newer ADePT Lab: update to see all of it";
    assert.deepEqual(record, {
      ...before,
      updatedAt: LATER.time,
      newer: { version: undefined },
      warnings: [text],
      phrases: { ...before.phrases, warnings: [{ template: text, values: [] }] },
    });
    assert.deepEqual([foldEvents(events), foldEvents(new JournalTail(run.path).read())], [record, record]);
    assert.throws(() => new Journal(run.path), isRefusal);
    assert.throws(() => {
      annotateRun(run.path, { starred: true });
    }, isRefusal);
    writeIndex(runsDir, [[run.id, readRecord(run.path)]]);
    assert.deepEqual(readIndex(runsDir).get(run.id)?.record.newer, {}, "the index keeps it");
    assert.deepEqual(readFileSync(run.eventsPath), bytes);
  },
);

withRun("a journal of a higher version gives what is known of it, and its version", true, (run) => {
  const { newer: _, warnings: __, backbone: ___, phrases: ____, ...before } = run.record();
  makeLater(run.path);
  // An unknown status, in a journal that states a later version.
  appendFileSync(run.eventsPath, sealedLine({ type: "status", time: 1, status: "paused" }));
  const { newer, warnings, backbone, phrases, ...record } = run.record();
  assert.deepEqual(record, before);
  assert.deepEqual([newer, backbone, readJournal(run.path).bad], [{ version: 2 }, "", 0]);
  assert.deepEqual(warnings, [
    "This run was written by a newer ADePT Lab (journal version 2): update to see all of it",
  ]);
  assert.deepEqual(
    phrases.warnings.map((each) => each?.values),
    [[2]],
    "and as a phrase, to be said in any language",
  );
  assert.throws(
    () => new Journal(run.path),
    (error) => isRefusal(error) && /journal version 2/.test((error as Error).message),
  );
  appendFileSync(run.eventsPath, sealedLine({ type: "status", time: 1, status: "paused" }).replace("paused", "pausxd"));
  assert.equal(readJournal(run.path).bad, 1, "a damaged line of it is damaged");
});

withRun("a newer version's run is left to it if its worker is gone or if it waits", false, (run, runsDir) => {
  addLaterLine(run.path);
  const bytes = readFileSync(run.eventsPath);
  const record = run.record();
  assert.deepEqual(
    markInterruptedRuns(
      runsDir,
      () => {
        assert.fail("it can be read");
      },
      Date.now() + 1e9,
    ),
    [],
  );
  assert.deepEqual(readFileSync(run.eventsPath), bytes);
  assert.deepEqual(
    [isWaiting({ ...record, status: "queued" }), isWaiting({ ...record, status: "queued", newer: undefined })],
    [false, true],
  );
});

withRun(
  "lines that are damaged, have no checksum, or are invalid events of a known type do not count as a newer version's",
  true,
  (run) => {
    const lines = [
      sealedLine(LATER).replace('"energy"', '"enorgy"'),
      `${JSON.stringify(LATER)}\n`,
      sealedLine({
        type: "evaluation",
        time: 1,
        step: 3,
        split: "test",
        loss: 1,
        metrics: { pearson: null },
        examples: 3,
      }),
      sealedLine({ type: 7, time: 1 }),
      sealedLine({ time: 1 }),
    ];
    for (const line of lines) appendFileSync(run.eventsPath, line);
    assert.equal(readJournal(run.path).bad, lines.length);
    assert.equal(run.record().newer, undefined);
    annotateRun(run.path, { starred: true });
    assert.equal(run.record().starred, true);
  },
);
