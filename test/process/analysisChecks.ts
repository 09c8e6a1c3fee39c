import assert from "node:assert/strict";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";
import type { PositionShift } from "../../src/protocol/results/positionShift.ts";
import type { Stability } from "../../src/protocol/results/stability.ts";
import type { RunRecord } from "../../src/record/record.ts";

/** The analysis agrees with the tests at the end of training. */
export function checkAblation(ablation: Ablation, record: RunRecord): void {
  const trained = record.evaluations.find(({ label, split }) => label === "trained" && split === "test")!;
  // The same adapter through the host's input and through its own graph.
  assert.ok(
    Math.abs(ablation.full.loss - trained.loss) < 1e-5 * trained.loss &&
      ablation.full.metrics["accuracy"] === trained.metrics["accuracy"],
  );
  for (const [label, tested] of [
    ["FFN off", "ffn-off"],
    ["prompt off", "prompt-off"],
  ]) {
    const found = ablation.cases.find((each) => each.label === label)!;
    const expected = record.evaluations.find((each) => each.label === tested)!;
    assert.ok(
      Math.abs(found.loss - expected.loss) < 1e-5 * expected.loss,
      `${label}: ${found.loss} for ${expected.loss}`,
    );
  }
}

export function checkShift(shift: PositionShift): void {
  // ADePT's offsets know no place: T1 and T2 change nothing, the offset itself never.
  for (const { test: kind, versus, offsetChange, maxLogit } of shift.cases) {
    if (kind !== "T4") assert.equal(offsetChange, 0, kind);
    if (kind === "T1") assert.deepEqual([versus.flips, versus.loss.difference, maxLogit], [0, 0, 0]);
    if (kind === "T2") assert.ok(versus.flips === 0 && maxLogit < 1e-3);
  }
  assert.ok(
    shift.cases.some(({ test: kind, maxLogit }) => kind === "T3" && maxLogit > 1e-3),
    "T3 moves text and prompt apart, which nobody is free of",
  );
  const { properties } = shift;
  assert.deepEqual(
    [properties.acrossPlaces, properties.withinType, properties.promptChange, properties.padValue],
    [0, 0, 0, 0],
  );
  assert.ok(
    properties.acrossTokens > 1e-3 * properties.largest && properties.padding < 1e-5 && properties.hostAgrees < 1e-4,
  );
}

export function checkOffsets(offsets: Offsets): void {
  assert.ok(offsets.valid.meanAbs > 0 && offsets.official.tokens > offsets.valid.tokens && offsets.tokens.length > 5);
  const { vocabulary, tokens } = offsets;
  const [longest] = tokens;
  assert.ok(
    vocabulary!.norm.length > 5000 &&
      Math.abs(vocabulary!.norm[longest!.id]! / longest!.norm - 1) < 1e-5 &&
      vocabulary!.count[longest!.id] === longest!.count &&
      longest!.before[0]!.text === longest!.text,
  );
}

export function checkStability({ components, steps }: Stability): void {
  assert.deepEqual([steps, components.map(({ group }) => group)], [30, ["prompt", "ffn"]]);
  assert.ok(
    components.every(
      ({ ratio, gradient }) => ratio.median > 0 && gradient.low <= gradient.median && gradient.median <= gradient.most,
    ),
  );
}
