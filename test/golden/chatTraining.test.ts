import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { english } from "../../src/base/phrase.ts";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import type { TokenisedExample } from "../../src/training/batch/tokenisedExample.ts";
import { firstExamples, type ExampleList } from "../../src/training/batch/exampleList.ts";
import { padBatch } from "../../src/training/batch/padBatch.ts";
import { prepare, type Prepared } from "../../src/training/prepare.ts";
import { golden, withGoldens } from "./shared.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-chat-training-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const turn = (role: string, content: string): object => ({ role, content });
const LONG = [
  turn("user", "What is 17 + 4?"),
  turn("assistant", "21"),
  turn("user", "And 3 more?"),
  turn("assistant", "24 it is"),
  turn("user", "Less 20?"),
  turn("assistant", "4, the rest"),
];

async function prepared(rows: readonly object[], change: object = {}): Promise<Prepared> {
  writeFileSync(join(folder, "chat.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const path = join(folder, "x.adept.json");
  const experiment = {
    name: "chat",
    backbone: golden("models", "qwen2-tiny"),
    task: { kind: "chat", train: "chat.jsonl", split: { validation: 0.25, test: 0.25, seed: 3 } },
    method: { kind: "adept", promptLength: 3, bottleneck: 4 },
    training: { maxSourceLength: 400, maxTargetLength: 200 },
    engine: { device: "cpu", threads: 1, replicas: 1 },
    ...change,
  };
  writeFileSync(path, JSON.stringify(experiment));
  return prepare(readExperiment(path));
}

const all = (list: ExampleList): TokenisedExample[] => firstExamples(list, list.length);

withGoldens("training on conversations", () => {
  test("the loss of a conversation is the sum of the losses of its answers, each asked for with what precedes it", async () => {
    const rows = [2, 4, 6].map((turns) => ({ messages: LONG.slice(0, turns) }));
    const split = { validation: 0, test: 0, seed: 3 };
    const losses = async (trainOn: string): Promise<number[]> => {
      const { model, train, initial } = await prepared(rows, {
        task: { kind: "chat", train: "chat.jsonl", trainOn, split },
      });
      try {
        return (await model.losses(initial, padBatch(all(train)))).sum;
      } finally {
        await model.release();
      }
    };
    const [one, two, three] = await losses("last");
    const whole = await losses("all");
    const sums = [one!, one! + two!, one! + two! + three!];
    whole.forEach((loss, row) => {
      assert.ok(Math.abs(loss / sums[row]! - 1) < 1e-5, `row ${row}: ${loss} for ${sums[row]!}`);
    });
  });

  test("an evaluation asks for the last answer, after solved examples of the training split", async () => {
    const rows = Array.from({ length: 16 }, (_, i) => ({ messages: LONG.slice(0, i % 2 === 0 ? 2 : 4) }));
    const { model, train, validation, test: tested, decode, notes } = await prepared(rows, { prompt: { shots: 2 } });
    await model.release();
    assert.ok(all(train).some(({ targetIds }) => targetIds !== undefined));
    for (const { ids, targetIds, target, labels } of [...all(validation), ...all(tested)]) {
      assert.equal(targetIds, undefined);
      assert.equal((await decode(Array.from(labels))).trim(), target);
      const own = target === "21" ? 1 : 2;
      const questions = Array.from(ids).filter((id) => id === 4).length;
      assert.ok(questions > 2 * own, "solved turns stand before the question");
    }
    // The rows are copies of two.
    assert.deepEqual(
      notes.map((note) => english(note).includes("have an input that is also in training")),
      [true],
    );
  });

  test("what is cut is counted and said", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => ({
      prompt: `q${i} ${"long ".repeat(i * 10)}`,
      completion: "a b c d e f",
    }));
    const { model, notes, train } = await prepared(rows, {
      training: { maxSourceLength: 80, maxTargetLength: 4 },
      task: { kind: "chat", train: "chat.jsonl", split: { validation: 0, test: 0, seed: 0 } },
    });
    await model.release();
    const cut = all(train).filter((each) => (each.cut?.source ?? 0) > 0).length;
    assert.ok(cut > 0 && cut < 8);
    assert.ok(english(notes[0]!).startsWith(`${cut} of 8 inputs are longer than training.maxSourceLength (80 tokens)`));
    assert.ok(english(notes[1]!).startsWith("8 of 8 answers are longer than training.maxTargetLength (4 tokens)"));
    assert.ok(all(train).every(({ ids, labels }) => ids.length <= 80 && labels.length === 4));
  });
});
