import assert from "node:assert/strict";
import { test } from "node:test";
import { isRight } from "../../../src/analysis/compare/difference.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { english } from "../../../src/base/phrase.ts";
import type { TunedModel } from "../../../src/model/model.ts";
import { sourceOf, type CountedTarget } from "../../../src/task/exampleSource.ts";
import { majorityShare } from "../../../src/task/metric/majorityShare.ts";
import { encodeAll } from "../../../src/training/batch/exampleEncoder.ts";
import { pairEncoder } from "../../../src/training/batch/pairEncoder.ts";
import { evaluate, type EvaluationOptions } from "../../../src/training/evaluation.ts";
import { readBackBy, readBackNotes } from "../../../src/training/readBack.ts";

const tokenizer = loadTokenizer(backboneFolder("tiny-t5"));
const encoder = pairEncoder(tokenizer, { maxSourceLength: 32, maxTargetLength: 32 });
const readBack = readBackBy(encoder, tokenizer);

/** A model that generates exactly the tokens of each target, and finds the right candidate the likeliest. */
const perfect = {
  predict: (_: unknown, { labels, rows, targetLength }: { labels: Int32Array; rows: number; targetLength: number }) =>
    Promise.resolve({
      sum: new Array<number>(rows).fill(1),
      tokens: new Array<number>(rows).fill(1),
      generated: Array.from({ length: rows }, (__, row) =>
        Array.from(labels.subarray(row * targetLength, (row + 1) * targetLength)).filter((id) => id >= 0),
      ),
    }),
  scoreTargets: (
    _: unknown,
    { labels, rows, targetLength }: { labels: Int32Array; rows: number; targetLength: number },
    candidates: readonly ArrayLike<number>[],
  ) =>
    Promise.resolve(
      Array.from({ length: rows }, (__, row) => {
        const own = Array.from(labels.subarray(row * targetLength, (row + 1) * targetLength)).filter((id) => id >= 0);
        return candidates.map((each) => (Array.from(each).join() === own.join() ? 0 : 9));
      }),
    ),
} as unknown as TunedModel;

const OPTIONS = { maxTokens: 32, decode: (ids: number[]) => tokenizer.decode(ids, true) };
const SETS: Record<string, string[]> = {
  "line breaks": ["yes\nindeed", "no\r\n\r\nway", "may\nbe"],
  braces: ["{yes}", "no }", "{may: be}"],
  "full-width letters": ["ｙｅｓ", "ＮＯ way", "１２ times"],
  "double spaces": ["no  way", "yes   indeed", "so  it   is"],
  "tabs and other spaces": ["yes\tindeed", "no\u00a0way", "so\u3000be"],
  "ligatures and signs": ["ﬁne", "½ good", "ⅳ"],
  "plain words": ["good", "bad", "so so"],
};

const counted = (targets: readonly string[]): CountedTarget[] => targets.map((text) => ({ text, count: 1 }));

for (const [name, targets] of Object.entries(SETS))
  test(`a perfect model scores 100 % in every metric where targets have ${name}`, async () => {
    const examples = await encodeAll(
      [...targets, ...targets].map((target, i) => ({ source: `text ${i}`, target, answers: [target] })),
      encoder,
    );
    const labels = targets;
    const metrics = ["accuracy", "macroF1", "em", "answerF1"] as const;
    const scoring = { metrics, labels, readBack };
    const candidates = { texts: labels, ids: await Promise.all(labels.map((label) => encoder.answer(label))) };
    for (const how of [{}, { candidates }] as Partial<EvaluationOptions>[]) {
      const result = (await evaluate(perfect, new Map(), examples, { ...OPTIONS, scoring, ...how }))!;
      assert.deepEqual(result.metrics, { accuracy: 1, macroF1: 1, em: 1, answerF1: 1 });
      assert.ok(result.predictions.every(isRight), "comparisons of runs count it as right");
      assert.deepEqual(
        result.predictions.map(({ target }) => target),
        [...targets, ...targets],
        "what is shown is what the data have",
      );
    }
    const wrong = examples.map((example, i) => ({ ...example, labels: examples[(i + 1) % 3]!.labels }));
    const missed = (await evaluate(perfect, new Map(), wrong, { ...OPTIONS, scoring }))!;
    assert.equal(missed.metrics["accuracy"], 0);
    assert.equal(missed.predictions.some(isRight), false);
    const notes = (await readBackNotes(counted(targets), labels, readBack)).map(english);
    // The embedded tokenizer has braces, others have none.
    const kept = ["plain words", "braces"].includes(name);
    assert.equal(notes.length, kept ? 0 : 1, notes.join("\n"));
    if (!kept) assert.match(notes[0]!, /^\d of 3 targets are compared as the tokenizer gives them back/);
  });

test("labels of which the tokenizer makes the same count as one, and that is said; the majority counts them so", async () => {
  const targets = ["yes", "ｙｅｓ", "yes ", "no"];
  const notes = (await readBackNotes(counted(targets), ["no", "yes", "ｙｅｓ"], readBack)).map(english);
  assert.equal(notes.length, 2);
  assert.match(notes[1]!, /"yes", "ｙｅｓ".*cannot tell them apart/);
  const examples = sourceOf(targets.map((target) => ({ source: "", target })));
  assert.equal(await majorityShare(examples, examples, readBack), 0.75);
});

test("answers that differ beyond the longest that is trained stay different", async () => {
  const long = "word ".repeat(40);
  const [a, b] = [await readBack(`${long}yes`), await readBack(`${long}no`)];
  assert.notEqual(a, b);
});
