import assert from "node:assert/strict";
import { test } from "node:test";
import { analyseAblation } from "../../../src/analysis/ablation/componentAblation.ts";
import { analyseSpecificity } from "../../../src/analysis/specificity/tokenSpecificity.ts";
import { analyseShift } from "../../../src/analysis/shift/positionShift.ts";
import { positionProperties } from "../../../src/analysis/shift/positionProperties.ts";
import { randomSubject } from "./randomSubject.ts";
import type { PositionProperties } from "../../../src/protocol/results/positionShift.ts";

async function propertiesOf(method: object): Promise<PositionProperties> {
  const { subject, close } = await randomSubject(method);
  try {
    return await positionProperties(subject);
  } finally {
    await close();
  }
}
/** What must hold of every method, whatever its offsets. */
function common({ hostAgrees, promptChange, padding, padValue, largest }: PositionProperties): void {
  assert.equal(promptChange, 0, "the prompt's rows are the trained ones: they get no offset");
  assert.ok(hostAgrees <= 1e-5 * largest, `the graph's offsets are those of the formula: ${hostAgrees}`);
  assert.ok(padding <= 1e-5, `padding changes nothing: ${padding}`);
  assert.equal(padValue, 0, "what stands on masked places changes nothing");
}

test("ADePT: a token's offset is the same to the bit at every place and differs from other tokens'", async () => {
  const found = await propertiesOf({ kind: "adept", promptLength: 3, bottleneck: 5 });
  common(found);
  assert.deepEqual([found.acrossPlaces, found.withinType], [0, 0]);
  assert.ok(found.largest > 0.1 && found.acrossTokens > 0.01 * found.largest);
});

test("DePT: a place's offset is the same for every token and differs from other places'", async () => {
  const found = await propertiesOf({ kind: "dept", promptLength: 3, rank: 4, positions: 256 });
  common(found);
  assert.ok(
    found.acrossTokens <= 1e-5 * found.largest && found.acrossPlaces > 0.01 * found.largest && found.withinType > 0,
  );
});

test("prompt tuning has no offsets; the constant variant has one for all tokens; the hybrid's depend on token and place", async () => {
  const pt = await propertiesOf({ kind: "pt", promptLength: 3 });
  const constant = await propertiesOf({ kind: "adept", variant: "constant", promptLength: 3 });
  const hybrid = await propertiesOf({
    kind: "adept",
    variant: "hybrid",
    promptLength: 3,
    bottleneck: 4,
    positions: 256,
  });
  common(constant);
  common(hybrid);
  assert.deepEqual([pt.largest, pt.promptChange, pt.padValue], [0, 0, 0]);
  assert.ok(constant.acrossPlaces === 0 && constant.acrossTokens <= 1e-5 * constant.largest);
  assert.ok(hybrid.acrossPlaces > 0 && hybrid.acrossTokens > 0.01 * hybrid.largest);
});

test("T1 of ADePT and prompt tuning is the unshifted input to the bit, DePT's T2 is its T1; A9 at 0 is FFN off, at 1 nothing; A5 of one token is A0", async () => {
  const still = (): void => undefined;
  for (const method of [
    { kind: "adept", promptLength: 3, bottleneck: 5 },
    { kind: "pt", promptLength: 3 },
  ]) {
    const { subject, close } = await randomSubject(method);
    const { cases } = await analyseShift(subject, still);
    for (const each of cases.filter(({ test: kind }) => kind === "T1"))
      assert.deepEqual(
        [each.versus.flips, each.kl, each.maxLogit, each.encoderChange, each.versus.loss.difference],
        [0, 0, 0, 0, 0],
      );
    for (const each of cases.filter(({ test: kind }) => kind === "T2"))
      assert.ok(each.versus.flips === 0 && each.encoderChange < 1e-4 && Math.abs(each.kl) < 1e-6);
    assert.ok(cases.some(({ test: kind, encoderChange, kl }) => kind === "T3" && encoderChange > 1e-3 && kl > 1e-9));
    assert.ok(cases.every(({ measured, versus }) => measured === versus.n));
    if (method.kind === "adept") {
      const ablation = await analyseAblation(subject, still);
      const specificity = await analyseSpecificity(subject, still);
      const at = (label: string): number => specificity.cases.find((each) => each.label === label)!.loss;
      assert.equal(at("A9 offset times 0"), ablation.cases.find(({ label }) => label === "FFN off")!.loss);
      assert.equal((await subject.evaluate({ scale: 1 })).loss, specificity.full.loss);
      assert.notEqual(at("A3 one constant"), specificity.full.loss);
      const alone = subject.test.map((each) => ({ ...each, ids: Array.from(each.ids).slice(-1) }));
      const misaligned = specificity.cases.find(({ group }) => group.startsWith("A5"))!;
      assert.notEqual(misaligned.loss, specificity.full.loss);
      const short = {
        ...subject,
        test: alone,
        train: alone,
        evaluate: (alter: Parameters<typeof subject.evaluate>[0]) => subject.evaluate(alter, { examples: alone }),
      };
      const again = await analyseSpecificity(short, still);
      for (const each of again.cases.filter(({ group }) => group.startsWith("A5")))
        assert.equal(each.loss, again.full.loss);
    }
    await close();
  }
  const { subject, close } = await randomSubject({ kind: "dept", promptLength: 3, rank: 4, positions: 256 });
  const { cases } = await analyseShift(subject, still);
  for (const k of [1, 16]) {
    const [t1, t2] = ["T1", "T2"].map((kind) => cases.find((each) => each.test === kind && each.k === k)!);
    assert.ok(
      t1!.maxLogit > 1e-3 &&
        t1!.offsetChange! > 0.05 &&
        Math.abs(t1!.loss / t2!.loss - 1) < 1e-5 &&
        Math.abs(t1!.kl - t2!.kl) < 1e-5 * Math.max(1e-2, t1!.kl),
    );
  }
  await close();
});
