import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { checkedRuns } from "../../../src/worker/check/checkedRuns.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";
import { KnownFields } from "../../../src/worker/check/knownFields.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-checked-"));
const path = join(folder, "s.adept.json");
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, text: string): void => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const table = (count: number, label: (i: number) => string): string =>
  ["text,label", ...Array.from({ length: count }, (_, i) => `words number ${i},${label(i)}`), ""].join("\n");
put(
  "two.csv",
  table(40, (i) => ["yes", "no"][i % 2]!),
);
put(
  "one.csv",
  table(40, () => "yes"),
);
put(
  "free.csv",
  table(400, (i) => `answer ${i}`),
);
put(
  "pair.csv",
  table(2, (i) => ["yes", "no"][i]!),
);
put(
  "large.csv",
  table(60_000, (i) => `answer ${i}`),
);
put(
  "large-two.csv",
  table(60_000, (i) => ["yes", "no"][i % 2]!),
);
put("sst/train.jsonl", '{"sentence":"a","label":1}\n{"text":"b","label":0}\n');
put("sst/validation.jsonl", '{"sentense":"a","label":1}\n');
put("cola/train.tsv", "x\t1\t\tfine words\n".repeat(40_000));
put("cola/validation.tsv", "x\t7\t*\tno words\n");
for (const name of ["spam_a", "ham_b", "spam_c", "ham_d", "spam_e", "ham_f", "spam_g", "ham_h"])
  put(`texts/${name}.txt`, "word ".repeat(100));
for (const split of ["train", "test"]) put(`sums/${split}.jsonl`, '{"question":"a","answer":"1"}\n'.repeat(9));
put("few/spam_a.txt", "word ".repeat(100));

const { layout } = openBackbone(backboneFolder("tiny-t5"));
const dims = [5, layout.width];
const prompt = { name: "prompt", dims, group: "prompt", data: new Float32Array(5 * layout.width) };
saveAdapter(
  join(folder, "start"),
  {
    spec: MethodInput.parse({ kind: "pt", promptLength: 5 }),
    sizes: { promptLength: 5, count: prompt.data.length },
    parameters: new Map([["prompt", prompt]]),
  },
  { backbone: "tiny-t5", layout },
);
cpSync(backboneFolder("tiny-t5"), join(folder, "broken"), { recursive: true });
put("broken/tokenizer.json", "{}");

const file = (train: string): object => ({ kind: "file", train, source: "{text}", target: "{label}" });
const good = { name: "s", task: file("two.csv"), method: { kind: "pt", promptLength: 4 } };
const LABELS = { prediction: "labels" };

/** The messages of the editor, and those of submitting, without their places. */
async function said(change: object): Promise<{ editor: string[]; submitting: string[] }> {
  const text = JSON.stringify({ ...good, ...change }, undefined, 2);
  writeFileSync(path, text);
  const editor = (await checkExperiment(path, text)).problems
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => english(message));
  try {
    await checkedRuns(path);
    return { editor, submitting: [] };
  } catch (error) {
    assert.ok(error instanceof UserError, (error as Error).stack);
    return {
      editor,
      submitting: error.message.split("\n").map((line) => line.replace(/^.*s\.adept\.json:\d+: /, "")),
    };
  }
}

/** What is wrong with an experiment, and what is said of it. */
const WRONG: [what: string, change: object, said: RegExp][] = [
  ["one label alone", { task: file("one.csv"), training: LABELS }, /"labels" needs a task with 2 to 50/],
  ["free text", { task: file("free.csv"), training: LABELS }, /"labels" needs a task with 2 to 50/],
  ["free text of a large file", { task: file("large.csv"), training: LABELS }, /"labels" needs a task with 2 to 50/],
  [
    "labels of a task of free text",
    { task: { kind: "text", folder: "texts" }, training: LABELS },
    /"labels" needs a task with 2 to 50/,
  ],
  [
    "a split that leaves nothing",
    { task: { ...file("pair.csv"), split: { validation: 0.49, test: 0.49 } } },
    /The split leaves no training examples/,
  ],
  [
    "a folder of too few texts",
    { task: { kind: "text", folder: "few", label: "^([a-z]+)_" } },
    /few has 1 \.txt files/,
  ],
  [
    "a column of a named task's validation file",
    { task: { kind: "named", name: "sst2", folder: "sst" } },
    /sst\/validation\.jsonl:1: no field "sentence" or "text"; the row has: sentense, label/,
  ],
  [
    "a label of a named task, beside a training file that is too large to be read whole",
    { task: { kind: "named", name: "cola", folder: "cola" } },
    /cola\/validation\.tsv:1: the label "7" is not one of/,
  ],
  [
    "an adapter of another size to start from",
    { method: { kind: "pt", promptLength: 7, source: "start" } },
    /"prompt" in \S+start has shape \(5, 128\), this method needs \(7, 128\)/,
  ],
  ["a tokenizer that cannot be read", { backbone: "broken" }, /broken\S*tokenizer\.json/],
  [
    "few shots by class of a task that has none",
    { task: { kind: "named", name: "gsm8k", folder: "sums", shots: { k: 2, sampling: "official" } } },
    /the task "gsm8k" has no classes/,
  ],
];

for (const [what, change, words] of WRONG)
  test(`${what}: said once, by the editor and by whatever queues runs alike`, async () => {
    const { editor, submitting } = await said(change);
    assert.equal(editor.length, 1, editor.join("\n"));
    assert.match(editor[0]!, words);
    assert.deepEqual(submitting, editor);
  });

test("what training takes is taken: labels, large files with two, texts with labels, tables without a header", async () => {
  put("cola/validation.tsv", "x\t0\t*\tno words\n");
  for (const change of [
    { training: LABELS },
    { task: file("large-two.csv"), training: LABELS },
    { task: file("large.csv") },
    { task: { kind: "text", folder: "texts", label: "^([a-z]+)_" }, training: LABELS },
    { task: { kind: "named", name: "cola", folder: "cola" }, training: LABELS },
    { task: { ...file("two.csv"), shots: { k: 4, sampling: "official" } }, seeds: [1, 2] },
  ])
    assert.deepEqual(await said(change), { editor: [], submitting: [] }, JSON.stringify(change));
});

test("every problem of a sweep's runs is named at once, each with its line or its --set", async () => {
  put("other.csv", table(20, (i) => ["yes", "no"][i % 2]!).replace("text,", "words,"));
  const text = JSON.stringify(
    {
      name: "s",
      task: file("two.csv"),
      training: { prediction: "generate" },
      seeds: [1, 2, 3],
      sweep: {
        methods: [
          { kind: "lora", targets: ["q"] },
          { kind: "lora", targets: ["vv"] },
          { kind: "lora", budget: 3 },
        ],
        vary: { "task.train": ["two.csv", "other.csv", "one.csv"], "training.prediction": ["labels", "generate"] },
      },
    },
    undefined,
    2,
  );
  writeFileSync(path, text);
  const lineOf = (word: string): number => text.slice(0, text.indexOf(word)).split("\n").length;
  await assert.rejects(checkedRuns(path), (error: Error) => {
    const lines = error.message.split("\n");
    assert.equal(lines.length, 4, error.message);
    assert.ok(lines.some((line) => line.includes(`s.adept.json:${lineOf('"vv"')}: This backbone has no linear layer`)));
    assert.ok(lines.some((line) => line.includes(`s.adept.json:${lineOf('"budget"')}: method.budget: 3 parameters`)));
    assert.ok(
      lines.some((line) => line.includes(`:${lineOf('"{text}"')}: The data has no field "text"; it has: words`)),
    );
    assert.ok(lines.some((line) => line.includes(`:${lineOf('"labels"')}: training.prediction: "labels" needs`)));
    return true;
  });
  writeFileSync(path, JSON.stringify(good));
  await assert.rejects(
    checkedRuns(path, ["task.source={txt}", "method.promptLength=4"]),
    /^UserError: --set task\.source=\{txt\}: The data has no field "txt"/,
  );
});

test("the data of a sweep's runs are read once, not once a run", async () => {
  writeFileSync(
    path,
    JSON.stringify({
      ...good,
      seeds: Array.from({ length: 100 }, (_, i) => i),
      sweep: { vary: { "training.learningRate.prompt": [0.1, 0.2, 0.3, 0.4, 0.5] } },
    }),
  );
  class Counting extends KnownFields {
    asked = 0;
    override rows(...given: Parameters<KnownFields["rows"]>): ReturnType<KnownFields["rows"]> {
      this.asked++;
      return super.rows(...given);
    }
  }
  const known = new Counting();
  const runs = await checkedRuns(path, [], { known });
  assert.equal(runs.length, 500);
  assert.ok(known.asked < 6, `the file was looked at ${known.asked} times`);
});

test("what the check lets pass is what the task's own loader takes", async () => {
  const { task } = (await checkedRuns(path))[0]!;
  assert.deepEqual((await loadTask(task)).labels, ["no", "yes"]);
  assert.ok(readFileSync(path, "utf8").includes("two.csv"));
});
