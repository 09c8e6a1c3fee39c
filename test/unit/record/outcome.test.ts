import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewRunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { outcomeOf, shareInterval } from "../../../src/record/outcome.ts";
import type { RunRecord } from "../../../src/record/record.ts";

type Evaluation = RunRecord["evaluations"][number];

const tested = (label: string, metrics: Record<string, number>, loss = 1): Evaluation => ({
  step: 9,
  split: "test",
  label,
  loss,
  metrics,
  examples: 100,
});

/** The record of a run with these evaluations. */
const recordOf = (majority: number | undefined, evaluations: Evaluation[]): RunRecord => ({
  ...foldEvents([] as (NewRunEvent & { time: number })[]),
  majority,
  evaluations,
});

test("Wilson's interval of a share, also at 0 and 1", () => {
  const close = (share: number, n: number, low: number, high: number): void => {
    const found = shareInterval(share, n);
    assert.ok(Math.abs(found.low - low) < 1e-4, `${share} of ${n}: ${found.low}`);
    assert.ok(Math.abs(found.high - high) < 1e-4, `${share} of ${n}: ${found.high}`);
  };
  // As statsmodels' proportion_confint has them.
  close(0.8, 10, 0.4902, 0.9433);
  close(0, 10, 0, 0.2775);
  close(1, 10, 0.7225, 1);
  close(0.5, 100, 0.4038, 0.5962);
});

test("a result is told from the better baseline only where its interval excludes it", () => {
  const of = (value: number, majority: number | undefined, untrained: number) =>
    outcomeOf(
      recordOf(majority, [tested("untrained", { accuracy: untrained }), tested("trained", { accuracy: value })]),
    )!;
  assert.deepEqual(of(0.9, 0.6, 0.1).baseline, { of: "majority", value: 0.6 });
  assert.deepEqual(of(0.9, 0.6, 0.7).baseline, { of: "untrained", value: 0.7 });
  assert.deepEqual(of(0.9, undefined, 0.1).baseline, { of: "untrained", value: 0.1 });
  assert.equal(of(0.9, 0.6, 0.1).isTold, true);
  assert.equal(of(0.65, 0.6, 0.1).isTold, false);
  assert.equal(of(0.3, 0.6, 0.1).isTold, true, "worse is told, too");
  assert.ok(of(0.3, 0.6, 0.1).gain! < 0);
  assert.ok(Math.abs(of(0.9, 0.6, 0.1).gain! - 0.3) < 1e-12);
});

test("a metric that is no share of examples has no interval; a loss is better where it is less", () => {
  const f1 = outcomeOf(recordOf(undefined, [tested("untrained", { f1: 0.2 }), tested("trained", { f1: 0.5 })]))!;
  assert.deepEqual([f1.interval, f1.isTold, f1.metric], [undefined, false, "f1"]);
  const loss = outcomeOf(recordOf(undefined, [tested("untrained", {}, 1.6), tested("trained", {}, 1.1)]))!;
  assert.deepEqual([loss.metric, loss.baseline?.value, loss.interval], ["loss", 1.6, undefined]);
  assert.ok(Math.abs(loss.gain! - 0.5) < 1e-12);
  assert.equal(outcomeOf(recordOf(0.5, [])), undefined);
  assert.equal(outcomeOf(recordOf(undefined, [tested("trained", { accuracy: 0.5 })]))!.baseline, undefined);
});
