import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ClusterJob } from "../../../src/record/clusterJob.ts";
import { leaseText } from "../../../src/run/lease/leaseContent.ts";
import type { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { appendEvents } from "../../../src/run/journal/journal.ts";
import { claimRun, type Clock } from "../../../src/worker/train/claimRun.ts";
import { STILL_MS } from "../../../src/worker/train/stillWatch.ts";
import { writeRun } from "../../host/manyRuns.ts";

const FIRST: ClusterJob = { cluster: "c", id: "17_3", restart: 0 };
const ELSEWHERE = { host: "linux:n2", boot: "another", space: "pid:[1]" };
const BEAT = 5000;

/** A run at work in a job's first start on another node, whose lease beats until a moment of the clock. */
class Held {
  private readonly folder = mkdtempSync(join(tmpdir(), "adept-job-"));
  readonly run: RunDirectory;
  private time = 0;
  private beat = -1;

  /** @param pace how much longer each pause is than it was asked to be */
  constructor(
    private readonly beatsUntil: number,
    private readonly pace = 10,
    private readonly job = FIRST,
  ) {
    this.run = writeRun(join(this.folder, "runs"), "20260101-000000-aaaa", { steps: 3, finished: false });
    appendEvents(this.run.path, { type: "status", status: "running", start: 1, job });
    this.write();
  }
  private write(): void {
    const beat = Math.floor(Math.min(this.time, this.beatsUntil) / BEAT);
    if (beat === this.beat) return;
    this.beat = beat;
    const content = { pid: 1, started: "1", machine: ELSEWHERE, start: 1, job: this.job };
    writeFileSync(this.lease, leaseText({ ...content, beat }));
  }
  get lease(): string {
    return join(this.run.path, "lease");
  }
  readonly clock: Clock = {
    now: () => this.time,
    pause: (milliseconds) => {
      this.time += milliseconds * this.pace;
      this.write();
      return Promise.resolve();
    },
  };
  get now(): number {
    return this.time;
  }
  remove(): void {
    this.run.releaseLease();
    rmSync(this.folder, { recursive: true });
  }
}

for (const beatsUntil of [0, 200_000])
  test(`a job that is started again takes over once its earlier start's lease has stood still for 75 s; it beat for ${beatsUntil / 1000} s`, async () => {
    const held = new Held(beatsUntil);
    try {
      const start = await claimRun(held.run, { number: 1, job: { ...FIRST, restart: 1 } }, held.clock);
      assert.equal(start, 2);
      assert.ok(held.run.ownsLease());
      assert.ok(held.now >= beatsUntil + STILL_MS && held.now < beatsUntil + STILL_MS + BEAT, `after ${held.now} ms`);
      const { job, beat } = JSON.parse(readFileSync(held.lease, "utf8")) as { job: ClusterJob; beat: number };
      assert.deepEqual([job.restart, beat], [1, 0]);
    } finally {
      held.remove();
    }
  });

for (const [before, now] of [
  [0, 0],
  [2, 1],
  [2, 0],
] as const)
  test(`start ${now} of a job whose controller had lost its state takes over from start ${before} as a later one does`, async () => {
    const held = new Held(200_000, 10, { ...FIRST, restart: before });
    try {
      const request = { number: 1, job: { ...FIRST, restart: now }, isWholeJob: true };
      assert.equal(await claimRun(held.run, request, held.clock), 2);
      assert.ok(held.now >= 200_000 + STILL_MS, `after ${held.now} ms`);
    } finally {
      held.remove();
    }
  });

test("a start that waits for its earlier one ends when it is asked to", async () => {
  const held = new Held(Infinity);
  const stop = new AbortController();
  const pause = async (milliseconds: number): Promise<void> => {
    await held.clock.pause(milliseconds);
    if (held.now > 600_000) stop.abort();
  };
  try {
    const request = { number: 1, job: { ...FIRST, restart: 1 } };
    assert.equal(await claimRun(held.run, request, { ...held.clock, pause }, stop.signal), undefined);
    assert.ok(held.now > 600_000, "it waits as long as the other shows signs of life");
  } finally {
    held.remove();
  }
});

const OTHERS: Readonly<Record<string, ClusterJob | undefined>> = {
  "another task": { ...FIRST, id: "17_4", restart: 1 },
  "another cluster's job": { ...FIRST, cluster: "d", restart: 1 },
  "the same start": FIRST,
  "no job": undefined,
};
for (const [what, job] of Object.entries(OTHERS))
  test(`${what} waits two seconds for the lease and never takes it over`, async () => {
    const held = new Held(0, 1);
    try {
      await assert.rejects(claimRun(held.run, { number: 9, job }, held.clock), /A worker on n2 is training run/);
      assert.ok(held.now < 3000, `${held.now} ms`);
    } finally {
      held.remove();
    }
  });

test("a start whose lease was taken over finds out, also when the other has given it back", () => {
  const held = new Held(0);
  const { run } = held;
  try {
    assert.equal(run.isTakenOver(1), true, "another has it");
    rmSync(held.lease);
    assert.equal(run.isTakenOver(1), false, "nobody has it: it is taken again");
    assert.ok(run.ownsLease());
    run.releaseLease();
    appendEvents(run.path, { type: "status", status: "running", start: 2 });
    assert.equal(run.isTakenOver(1), true, "a later start has had it");
    assert.equal(run.isTakenOver(2), false);
    run.releaseLease();
    appendEvents(run.path, { type: "status", status: "interrupted" });
    assert.equal(run.isTakenOver(2), true, "somebody has said that it is dead");
    assert.equal(run.ownsLease(), false);
  } finally {
    held.remove();
  }
});
