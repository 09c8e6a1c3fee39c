import assert from "node:assert/strict";
import { test } from "node:test";
import { continuation } from "../../../src/tracker/tensorboard/continued.ts";
import { eventFile, eventRecords, type EventRecord } from "../../../src/tracker/tensorboard/eventFile.ts";
import { tfRecord } from "../../../src/tracker/tensorboard/tfRecord.ts";
import { trackedRun, type RunSource } from "../../../src/tracker/trackedRun.ts";
import { madeRun, START } from "./madeRun.ts";

const WHOLE = madeRun();
/** The run as it was after some of its events. */
const partOf = (count: number): RunSource => ({
  ...WHOLE,
  events: WHOLE.events.slice(0, count),
  record: { ...WHOLE.record, status: count >= WHOLE.events.length ? "finished" : "running" },
});
const bytesOf = (records: readonly EventRecord[]): Buffer => Buffer.concat(records.map(({ bytes }) => bytes));
const fileOf = (count: number): Buffer => Buffer.from(eventFile(trackedRun(partOf(count))));
/** How many events there are before the interruption, and at the end of what the resumed run has repeated. */
const INTERRUPTED = WHOLE.events.findIndex((event) => event.type === "status") + 1;

function continued(file: Buffer, count: number): Buffer {
  const next = continuation(file, eventRecords(trackedRun(partOf(count))), START / 1000);
  assert.ok(next !== undefined);
  return Buffer.concat([file.subarray(0, next.keep), bytesOf(next.records)]);
}

test("a file goes on with what it lacks, and one that lacks nothing stays as it is", () => {
  for (let count = 4; count < INTERRUPTED; count += 1)
    assert.ok(continued(fileOf(3), count).equals(fileOf(count)), `${count} events`);
  const file = fileOf(INTERRUPTED);
  assert.ok(continued(file, INTERRUPTED).equals(file));
});

test("what a resumed run repeats is dropped by one restart and written again; what was read stays", () => {
  let file = fileOf(INTERRUPTED);
  const before = file;
  for (let count = INTERRUPTED + 1; count <= WHOLE.events.length; count += 1) {
    const longer = continued(file, count);
    assert.ok(longer.subarray(0, file.length).equals(file), `${count} events`);
    file = longer;
    assert.ok(continued(file, count).equals(file), "nothing is added twice");
  }
  // The validation of step 2 comes first of what is repeated, with the values that step 2 had.
  const wanted = eventRecords(trackedRun(WHOLE));
  const next = continuation(before, wanted, START / 1000)!;
  assert.deepEqual(
    next.records.map(({ step }) => step),
    [2, 2, 2, 3, 4, 4, 5, 6, 6, 4, 0, 4, 4],
  );
});

test("half a record of a killed process goes, a file of another kind does not go on", () => {
  const file = fileOf(INTERRUPTED);
  for (const cut of [1, 5, 11, 17]) {
    const torn = file.subarray(0, file.length - cut);
    assert.ok(continued(torn, INTERRUPTED).equals(file), `${cut} bytes less`);
  }
  const broken = Buffer.from(file);
  broken[file.length - 6]! ^= 1;
  assert.ok(continued(broken, INTERRUPTED).equals(file), "a damaged record");
  const wanted = eventRecords(trackedRun(WHOLE));
  for (const other of [Buffer.alloc(0), Buffer.from("text"), Buffer.from(tfRecord(Buffer.from("x")))])
    assert.equal(continuation(other, wanted, 0), undefined);
});
