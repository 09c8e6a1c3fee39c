import assert from "node:assert/strict";
import { test } from "node:test";
import { pairedRuns, type TestedRun } from "../../../src/analysis/compare/pairedRuns.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";

function run(
  id: string,
  right: readonly boolean[] | undefined,
  inputs = (i: number): string => `text ${i}`,
): TestedRun {
  const experiment = ResolvedExperiment.parse({ name: id, task: { kind: "mail" }, method: { kind: "adept" } });
  const record = foldEvents([
    {
      type: "created",
      time: 1,
      version: 1,
      id,
      name: id,
      method: "adept",
      task: "mail",
      backbone: "b",
      seed: 0,
      steps: 1,
    },
  ]);
  return {
    id,
    experiment,
    record,
    predictions: right?.map((good, i) => ({
      input: inputs(i),
      target: "ham",
      prediction: good ? "ham" : "spam",
      loss: good ? 0.1 : 2,
    })),
  };
}
const first = Array.from({ length: 100 }, (_, i) => i < 60);

test("each run is compared with the first on the same examples: positive where it is better", () => {
  const { reference, pairs } = pairedRuns([
    run("a", first),
    run(
      "b",
      first.map((good, i) => good || i >= 80),
    ),
    run("c", first),
  ]);
  assert.equal(reference, "a");
  const [better, same] = pairs;
  assert.equal(better!.difference!.right.difference, 0.2);
  assert.ok(better!.difference!.right.found && better!.difference!.right.interval[0] > 0.1);
  // 20 that only the second gets right: two-sided exact McNemar 2 * 2^-20, times 2 by Holm.
  assert.ok(Math.abs(better!.holmP! - 4 * 2 ** -20) < 1e-12);
  assert.equal(same!.difference!.right.difference, 0);
  assert.equal(same!.holmP, 1);
});

test("runs tested on other examples, or not at all, are not compared, and a reason is given", () => {
  const { pairs } = pairedRuns([
    run("a", first),
    run("b", first, (i) => `other ${i}`),
    run("c", undefined),
    run("d", first.slice(1)),
  ]);
  assert.deepEqual(
    pairs.map(({ difference, reason }) => [difference, reason]),
    [
      [undefined, "other examples"],
      [undefined, "untested"],
      [undefined, "other examples"],
    ],
  );
});
