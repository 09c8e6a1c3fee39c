import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-problems-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const path = join(folder, "x.adept.json");
const good = { name: "a", task: { kind: "mail" }, method: { kind: "adept", budget: 1000 } };
const messages = (text: string): string[] => {
  try {
    experimentsOf(path, text);
    return [];
  } catch (error) {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    return error.message.split("\n");
  }
};
const told = async (text: string): Promise<string[]> =>
  (await checkExperiment(path, text)).problems.map(({ message }) => english(message));

/** Experiments with one wrong value, and what is said of it: in the file's errors, and in the editor. */
const ONE: [object, string][] = [
  [{ engine: 5 }, 'engine: 5 is not an object, or one of "auto", "cpu"'],
  [{ engine: "gpu" }, 'engine.device: "gpu" is not one of "auto", "cpu"'],
  [{ precision: [] }, 'precision: [] is not an object, or one of "fp32", "fp16", "bf16", "int8"'],
  [
    { method: { kind: "adept", budget: "x" } },
    'method.budget: "x" is not a number, or an object such as { "promptTokens": 100 }',
  ],
  [{ method: { kind: "adept", budget: {} } }, "method.budget.promptTokens: missing; it is a number"],
  [
    { method: { kind: "adept", budget: [1] } },
    'method.budget: [1] is not a number, or an object such as { "promptTokens": 100 }',
  ],
  [{ sweep: { budget: true } }, "sweep.budget: true is not a number, or an object such as"],
  [{ sweep: { retrained: "all" } }, 'sweep.retrained: "all" is not true, or a list of "A0"'],
  [{ sweep: { retrained: ["A99"] } }, 'sweep.retrained.0: "A99" is not one of "A0"'],
  [
    { sweep: { vary: { "training.steps": 5 } } },
    'sweep.vary.training.steps: 5 is not a list, or an object such as { "from"',
  ],
  [{ sweep: { tune: { "training.steps": { from: 1 } } } }, "sweep.tune.training.steps.to: missing; it is a number"],
  [{ training: { steps: "many" } }, 'training.steps: "many" is not a number'],
  [{ training: { steps: 0.5 } }, "training.steps: 0.5 is not a whole number"],
  [{ training: { steps: 0 } }, "training.steps: it must be more than 0"],
  [{ training: { backboneDropout: 1 } }, "training.backboneDropout: it must be less than 1"],
  [{ name: "" }, "name: it is empty"],
  [{ git: "yes" }, 'git: "yes" is not true or false'],
  [{ seeds: [] }, "seeds: it is empty"],
  [{ task: "mail" }, 'task: "mail" is not an object'],
];

test("no problem says only that a value is invalid: each names what is allowed, in the file's errors as in the editor", async () => {
  for (const [more, words] of ONE) {
    const text = JSON.stringify({ ...good, ...more });
    for (const found of [messages(text), await told(text)]) {
      assert.equal(found.length, 1, `${text}\n${found.join("\n")}`);
      assert.ok(found[0]!.includes(words), `${found[0]!}\n${words}`);
      assert.doesNotMatch(found[0]!, /invalid|expected/i);
    }
  }
});

test("every problem is reported at once: unknown keys, wrong values, missing files, rates, precision", async () => {
  const kinds: [object, RegExp[]][] = [
    [
      { a: 1, b: 2, training: { steps: "x", c: 3 } },
      [/\ba: unknown/, /\bb: unknown/, /training\.steps/, /training\.c: unknown/],
    ],
    [
      { task: { kind: "file", train: "no.csv", test: "none.csv", source: "{a}", target: "{b}" }, backbone: "nowhere" },
      [/no\.csv/, /none\.csv/, /nowhere/],
    ],
    [
      {
        task: { kind: "file", train: "no.csv", source: "{a}", target: "{b}" },
        training: { steps: 0, learningRate: { x: 1 } },
      },
      [/no\.csv/, /training\.steps/, /learningRate\.x/],
    ],
    [
      {
        method: { kind: "full" },
        precision: "int8",
        backbone: "nowhere",
        task: { kind: "chat", train: "no.jsonl" },
        prompt: { form: "plain" },
      },
      [/precision/, /nowhere/, /no\.jsonl/, /prompt\.form|trains the last answer/],
    ],
  ];
  for (const [more, words] of kinds) {
    const text = JSON.stringify({ ...good, ...more });
    for (const found of [messages(text).join("\n"), (await told(text)).join("\n")])
      for (const word of words) assert.match(found, word, text);
  }
  const swept = messages(JSON.stringify({ ...good, sweep: { vary: { "training.steps": [1, 0, "x"] } } }));
  assert.equal(swept.length, 2, "of every run of a sweep");
  assert.equal(messages('{"name": "a",, "task": {]}').length > 1, true, "of a text that is no JSON too");
});
