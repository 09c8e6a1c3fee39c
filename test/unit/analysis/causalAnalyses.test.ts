import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { explainTexts } from "../../../src/analysis/explainTexts.ts";
import { analyseAblation } from "../../../src/analysis/ablation/componentAblation.ts";
import { analyseLatency } from "../../../src/analysis/latency/latency.ts";
import { analyseOffsets } from "../../../src/analysis/offsets/offsets.ts";
import { analyseShift } from "../../../src/analysis/shift/positionShift.ts";
import { positionProperties } from "../../../src/analysis/shift/positionProperties.ts";
import { analyseSpecificity } from "../../../src/analysis/specificity/tokenSpecificity.ts";
import type { Subject } from "../../../src/analysis/subject/subject.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { switchOff } from "../../../src/model/initialise.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import type { TokenisedExample } from "../../../src/training/batch/tokenisedExample.ts";
import { evaluate } from "../../../src/training/evaluation.ts";
import { BYTE_VOCABULARY, END, writeByteTokenizer } from "../model/byteTokenizer.ts";
import { randomModel, TINY_LLAMA } from "../model/tinyCausal.ts";
import { randomSubject, type RandomSubject } from "./randomSubject.ts";

const backbone = randomModel({
  ...TINY_LLAMA,
  vocab_size: BYTE_VOCABULARY,
  eos_token_id: END,
  max_position_embeddings: 512,
});
writeByteTokenizer(backbone);
after(() => {
  rmSync(backbone, { recursive: true });
});
const still = (): void => undefined;
/** Answers such as " yes" and the end token have up to 5 tokens. */
const open = (method: object, settings: object = {}): Promise<RandomSubject> =>
  randomSubject(method, { backbone, training: { maxTargetLength: 6 }, ...settings });

/** The loss and the predictions of the run's own graph with other values of its tensors. */
async function ownResult(subject: Subject, parameters: Parameters): Promise<{ loss: number; texts: string[] }> {
  const result = await evaluate(subject.tuned, parameters, subject.test, {
    maxTokens: subject.experiment.training.maxTargetLength,
    decode: (ids) => subject.tokenizer.decode(ids, true),
  });
  return { loss: result!.loss, texts: result!.predictions.map(({ prediction }) => prediction) };
}
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));

test("ablation of a causal run is the run's own graph with these tensors off; A9 at 0 is FFN off, at 1 nothing", async () => {
  const { subject, close: end } = await open({ kind: "adept", promptLength: 3, bottleneck: 5 });
  const { full, cases } = await analyseAblation(subject, still);
  const { parameters } = subject.adapter;
  const off = switchOff("adept", "ffn-off", parameters);
  const expected: Record<string, Parameters> = {
    "FFN off": off,
    "prompt off": switchOff("adept", "prompt-off", parameters),
    "both off": switchOff("adept", "prompt-off", off),
  };
  assert.ok(close(full.loss, (await ownResult(subject, parameters)).loss));
  assert.deepEqual(
    cases.map(({ label }) => label),
    Object.keys(expected),
  );
  for (const { label, loss } of cases) {
    const own = await ownResult(subject, expected[label]!);
    assert.ok(close(loss, own.loss), `${label}: ${loss}, ${own.loss}`);
    assert.ok(!close(loss, full.loss), label);
  }
  const specificity = await analyseSpecificity(subject, still);
  const at = (label: string): number => specificity.cases.find((each) => each.label === label)!.loss;
  assert.equal(at("A9 offset times 0"), cases[0]!.loss);
  assert.equal((await subject.evaluate({ scale: 1 })).loss, full.loss);
  assert.notEqual(at("A3 one constant"), full.loss);
  // A token always has the same offset, wherever it stands.
  assert.ok(close(specificity.index!, 1));
  await end();
});

/** The tokens that a causal model embeds of an example. */
const embeddedIds = ({ ids, labels }: TokenisedExample): number[] => [
  ...Array.from(ids),
  ...Array.from(labels).slice(0, -1),
];

test("sizes of offsets are over text and answer but its last token, as the run's own graph makes them", async () => {
  for (const method of [
    { kind: "adept", promptLength: 2, bottleneck: 5 },
    { kind: "dept", promptLength: 2, rank: 3, positions: 300 },
  ]) {
    const { subject, close: end } = await open(method);
    const { side, tuned, adapter, test: examples } = subject;
    const d = side.width;
    let sum = 0;
    let tokens = 0;
    for (const example of examples) {
      const ids = embeddedIds(example);
      const batch = padBatch([{ input: "", target: "", ids, labels: [1] }]);
      const X = (await tuned.input(adapter.parameters, batch)).subarray(2 * d);
      ids.forEach((id, place) => {
        tokens++;
        const embedding = side.table.row(id);
        for (let i = 0; i < d; i++) sum += Math.abs(X[place * d + i]! - embedding[i]!) / d;
      });
    }
    const { valid, official, tokens: largest, examples: shown } = await analyseOffsets(subject, still);
    assert.equal(valid.tokens, tokens);
    assert.ok(Math.abs(valid.meanAbs - sum / tokens) < 1e-5, `${valid.meanAbs}, ${sum / tokens}`);
    assert.equal(official.tokens, examples.length * 256);
    // Special tokens are those of the tokenizer: its end is in every answer, and stands in no list.
    assert.ok(largest.every(({ id }) => id > 4));
    assert.equal(shown[0]!.pieces.join(""), examples[0]!.input);
    await end();
  }
});

test("T0, T5 and T6 hold of a causal run; its host's offsets are the graph's", async () => {
  for (const method of [
    { kind: "adept", promptLength: 3, bottleneck: 5 },
    { kind: "dept", promptLength: 3, rank: 4, positions: 300 },
  ]) {
    const { subject, close: end } = await open(method);
    const found = await positionProperties(subject);
    assert.equal(found.promptChange, 0);
    assert.ok(found.hostAgrees <= 1e-5 * found.largest && found.padding <= 1e-5 && found.padValue === 0);
    if (method.kind === "adept") assert.deepEqual([found.acrossPlaces, found.withinType], [0, 0]);
    else assert.ok(found.acrossPlaces > 0.01 * found.largest && found.acrossTokens <= 1e-5 * found.largest);
    await end();
  }
});

test("position shift of a causal run: T1 and T2 of ADePT change nothing, T3 and T4 do; T2 of DePT is its T1", async () => {
  const adept = await open({ kind: "adept", promptLength: 3, bottleneck: 5 });
  const { cases } = await analyseShift(adept.subject, still);
  for (const each of cases) {
    const { test: kind, kl, maxLogit, encoderChange, versus, measured } = each;
    assert.equal(measured, versus.n);
    if (kind === "T1") assert.deepEqual([kl, maxLogit, encoderChange, versus.loss.difference], [0, 0, 0, 0]);
    if (kind === "T2") assert.ok(Math.abs(kl) < 1e-6 && encoderChange < 1e-4 && maxLogit < 1e-3, `${kl}`);
    if (kind === "T3" || kind === "T4") assert.ok(kl > 1e-7 && encoderChange > 1e-3, `${each.label}: ${kl}`);
  }
  await adept.close();
  const dept = await open({ kind: "dept", promptLength: 3, rank: 4, positions: 300 });
  const shifted = await analyseShift(dept.subject, still);
  for (const k of [1, 16]) {
    const [t1, t2] = ["T1", "T2"].map((kind) => shifted.cases.find((each) => each.test === kind && each.k === k)!);
    assert.ok(t1!.maxLogit > 1e-3 && t1!.offsetChange! > 0.05);
    assert.ok(close(t1!.loss, t2!.loss) && Math.abs(t1!.kl - t2!.kl) < 1e-4 * Math.max(1e-2, t1!.kl));
  }
  await dept.close();
});

test("a shift uses only texts that leave room for answer and shift in the table and in the backbone", async () => {
  const { subject, close: end } = await open(
    { kind: "dept", promptLength: 3, rank: 4, positions: 60 },
    { training: { maxTargetLength: 6, maxSourceLength: 54 } },
  );
  const { examples } = await analyseShift(subject, still);
  const fits = subject.test.flatMap(({ ids }, i) => (ids.length + 5 + 16 <= 60 ? [i] : []));
  assert.ok(examples.length > 0 && examples.length < subject.test.length);
  assert.deepEqual(examples, fits);
  await end();
});

test("a causal run, its fold and its rivals are timed; the fold predicts the same", async () => {
  const { subject, close: end } = await open({ kind: "adept", promptLength: 3, bottleneck: 5 });
  const { rows, fold } = await analyseLatency(subject, still, { lengths: [8], batches: [2], rounds: 2 });
  assert.deepEqual(
    rows.map(({ form }) => form),
    ["backbone alone", "adept", "adept folded", "pt, same prompt", "dept", "pt"],
  );
  assert.deepEqual(fold!.predictions, { equal: subject.test.length, total: subject.test.length });
  await end();
});

test("the effect of a token's offset is what the answer loses when the run's own table has none for it", async () => {
  const { subject, folder, close: end } = await open({ kind: "adept", promptLength: 3, variant: "table" });
  const text = "abc";
  const { tuned, tokenizer, adapter } = subject;
  const [told] = await explainTexts(subject.experiment, folder, [text]);
  const ids = await tokenizer.encodeIds(text);
  const [answer] = await tuned.generate(adapter.parameters, padBatch([example(ids, [])]), 6);
  const asked = padBatch([example(ids, answer!)]);
  const whole = (await tuned.losses(adapter.parameters, asked)).sum[0]!;
  assert.ok(close(told!.probability, Math.exp(-whole)));
  assert.deepEqual(
    told!.tokens.map((token) => token.text),
    ["a", "b", "c"],
  );
  for (const [place, id] of ids.entries()) {
    // The text's tokens are not in the answer, so that the table's row serves this place alone.
    assert.ok(!answer!.slice(0, -1).includes(id));
    const table = adapter.parameters.get("table")!;
    const data = table.data.slice();
    data.fill(0, id * subject.side.width, (id + 1) * subject.side.width);
    const without = new Map([...adapter.parameters, ["table", { ...table, data }] as const]);
    const { sum } = await tuned.losses(without, asked);
    assert.ok(Math.abs(told!.tokens[place]!.effect! - (sum[0]! - whole)) < 1e-4);
    assert.ok(Math.abs(told!.tokens[place]!.effect!) > 1e-3);
  }
  await end();
});

const example = (ids: ArrayLike<number>, labels: ArrayLike<number>): TokenisedExample => ({
  input: "",
  target: "",
  ids,
  labels,
});
