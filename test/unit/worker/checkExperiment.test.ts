import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseTree, type Node, type ParseError } from "jsonc-parser";
import { english } from "../../../src/base/phrase.ts";
import type { Problem } from "../../../src/protocol/setupQuestions.ts";
import { saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-check-"));
const path = join(folder, "x.adept.json");
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
writeFileSync(join(folder, "reviews.csv"), "text,label\ngood one,yes\nbad one,no\n");
writeFileSync(join(folder, "other.csv"), "other,label\ngood one,yes\nbad one,no\n");
const { layout } = openBackbone(backboneFolder("tiny-t5"));
/** Writes an adapter of prompt tuning, as a finished run has it. */
function putRun(name: string, promptLength: number): void {
  const dims = [promptLength, layout.width];
  const data = new Float32Array(promptLength * layout.width);
  const prompt = { name: "prompt", dims, group: "prompt", data };
  const spec = MethodInput.parse({ kind: "pt", promptLength });
  const parameters: Parameters = new Map([["prompt", prompt]]);
  saveAdapter(
    join(folder, name, "adapter"),
    { spec, sizes: { promptLength, count: data.length }, parameters },
    { backbone: "tiny-t5", layout },
  );
}
putRun("run", 20);
mkdirSync(join(folder, "data"));
for (const split of ["train", "validation_matched"])
  writeFileSync(join(folder, `data/${split}.jsonl`), '{"premise":"a","hypothesis":"b","label":0}\n');

writeFileSync(join(folder, "talk.jsonl"), '{"prompt":"a","completion":"b"}\n');
writeFileSync(join(folder, "chat.jsonl"), '{"prompt":"a","completion":"b"}\n{"prompt":"a","completion":" "}\n');

const good = {
  name: "x",
  task: { kind: "file", train: "reviews.csv", source: "{text}", target: "{label}" },
  method: { kind: "adept", budget: 12_800 },
};
const mended = (text: string, { fixes }: Problem, at = 0): string =>
  [...fixes[at]!.edits]
    .sort((a, b) => b.from - a.from)
    .reduce((edited, { from, to, text: put }) => edited.slice(0, from) + put + edited.slice(to), text);
const written = (change: object): string => JSON.stringify({ ...good, ...change }, undefined, 2);

/** A wrong text, and where and how it is said to be wrong; its first fix mends it. */
const WRONG: [what: string, text: string, code: string, marked: string, mends: boolean][] = [
  [
    "a task that is none",
    written({ task: { kind: "named", name: "mnlii", folder: "data" } }),
    "unknown-value",
    '"mnlii"',
    true,
  ],
  ["a key that is none", written({ trainning: {} }), "unknown-key", '"trainning": {}', true],
  ["a stray key without a likely name", written({ training: { steps: 5, zzz: 1 } }), "unknown-key", '"zzz": 1', true],
  [
    "a key inside a method",
    written({ method: { kind: "adept", promtLength: 5 } }),
    "unknown-key",
    '"promtLength": 5',
    true,
  ],
  ["a key inside an engine", written({ engine: { devise: "cpu" } }), "unknown-key", '"devise": "cpu"', true],
  ["a device that is none", written({ engine: { device: "webgp" } }), "unknown-value", '"webgp"', true],
  ["a missing file", written({ task: { ...good.task, train: "review.csv" } }), "missing-file", '"review.csv"', true],
  [
    "a missing folder",
    written({ task: { kind: "named", name: "mnli", folder: "dta" } }),
    "missing-folder",
    '"dta"',
    true,
  ],
  [
    "a folder without a training file",
    written({ task: { kind: "named", name: "mnli", folder: "." } }),
    "missing-file",
    '"."',
    false,
  ],
  [
    "conversations for a model that reads text and answer apart",
    written({ task: { kind: "chat", train: "talk.jsonl" } }),
    "prompt",
    '"chat"',
    false,
  ],
  [
    "a chat template for a model that has no such form",
    written({ prompt: { template: "{{ messages }}" } }),
    "prompt",
    '"{{ messages }}"',
    true,
  ],
  ["a missing backbone", written({ backbone: "t5-base" }), "missing-folder", '"t5-base"', true],
  [
    "a field that the data lack",
    written({ task: { ...good.task, source: "say {txt}" } }),
    "unknown-field",
    '"say {txt}"',
    true,
  ],
  ["a brace too many", written({ task: { ...good.task, source: "{text}}" } }), "bad-template", '"{text}}"', false],
  ["a budget too small", written({ method: { kind: "adept", budget: 100 } }), "budget", "100", true],
  [
    "sizes beyond the budget",
    written({ method: { kind: "adept", budget: 1000, promptLength: 20 } }),
    "budget",
    "1000",
    true,
  ],
  ["a rate of no group", written({ training: { learningRate: { ab: 0.1 } } }), "unknown-group", "0.1", true],
  ["texts longer than the table", written({ method: { kind: "dept", positions: 64 } }), "positions", "64", true],
  ["a layer that is none", written({ method: { kind: "lora", targets: ["q", "vv"] } }), "unknown-target", '"vv"', true],
  [
    "a layer that is none in a table",
    written({ method: { kind: "lora", ranks: { vv: 17 } } }),
    "unknown-target",
    "17",
    true,
  ],
  [
    "narrow weights that are to be trained",
    written({ method: { kind: "full" }, precision: "int8" }),
    "precision",
    '"int8"',
    true,
  ],
  [
    "narrow weights on another device",
    written({ engine: "tfjs", precision: { weights: "bf16" } }),
    "precision",
    '"bf16"',
    true,
  ],
  [
    "a setting of PyTorch on another device",
    written({ engine: { device: "webgpu", tf32: true } }),
    "experiment",
    "true",
    true,
  ],
  ["a precision that is none", written({ precision: { weights: "int7" } }), "unknown-value", '"int7"', true],
  ["a method that is none", written({ method: { kind: "adpt" } }), "unknown-value", '"adpt"', true],
  ["a kind of task that is none", written({ task: { ...good.task, kind: "fil" } }), "unknown-value", '"fil"', true],
  [
    "a method of a sweep that is none",
    written({ method: undefined, sweep: { methods: [{ kind: "pt" }, { kind: "lorra" }] } }),
    "unknown-value",
    '"lorra"',
    true,
  ],
  [
    "a field with spaces about its name",
    written({ task: { ...good.task, source: "say { txt }" } }),
    "unknown-field",
    '"say { txt }"',
    true,
  ],
  [
    "a stray key beside its right name",
    written({ training: { steps: 5, step: 10 } }),
    "unknown-key",
    '"step": 10',
    true,
  ],
  [
    "a stray key alone, with a comma",
    `{"name":"x","task":${JSON.stringify(good.task)},"method":{"kind":"adept"},"training":{ "zzz": 1, }}`,
    "unknown-key",
    '"zzz": 1',
    true,
  ],
  [
    "a stray key last, with a comma",
    `{"name":"x","task":${JSON.stringify(good.task)},"method":{"kind":"adept"},"training":{ "steps": 1, "zzz": 1, }}`,
    "unknown-key",
    '"zzz": 1',
    true,
  ],
  [
    "a stray key behind another's comment",
    `{"name":"x","task":${JSON.stringify(good.task)},"method":{"kind":"adept"}, // ours\n "zzz": 1 // theirs\n}`,
    "unknown-key",
    '"zzz": 1',
    true,
  ],
  [
    "a budget of a sweep's second method",
    written({
      method: undefined,
      sweep: {
        methods: [
          { kind: "pt", budget: 12_800 },
          { kind: "adept", budget: 100 },
        ],
      },
    }),
    "budget",
    "100",
    true,
  ],
  [
    "a budget beside a good one of the file",
    written({ sweep: { methods: [{ kind: "adept", budget: 100 }] } }),
    "budget",
    "100",
    true,
  ],
  [
    "a budget among the values of a sweep",
    written({ sweep: { vary: { "method.budget": [12_800, 100] } } }),
    "budget",
    "100",
    true,
  ],
  ["a sweep's common budget", written({ method: { kind: "lora" }, sweep: { budget: 100 } }), "budget", "100", true],
  [
    "positions of a sweep's method",
    written({ method: undefined, sweep: { methods: [{ kind: "dept", positions: 64 }] } }),
    "positions",
    "64",
    true,
  ],
  [
    "a rate that a sweep's method has not",
    written({
      method: undefined,
      training: { learningRate: { ffn: 0.25 } },
      sweep: { methods: [{ kind: "adept" }, { kind: "pt" }] },
    }),
    "unknown-group",
    "0.25",
    true,
  ],
  [
    "a rate that a variant of a sweep has not",
    written({
      training: { learningRate: { ffn: 0.25 } },
      sweep: { vary: { "method.variant": ["standard", "constant"] } },
    }),
    "unknown-group",
    "0.25",
    true,
  ],
  [
    "a key of a sweep that is none",
    written({ sweep: { vary: { "training.stepz": [1, 2] } } }),
    "unknown-key",
    '"training.stepz": [\n        1,\n        2\n      ]',
    true,
  ],
  [
    "a value of a sweep that does not fit",
    written({ sweep: { tune: { "training.steps": [5, "many"] } } }),
    "experiment",
    '"many"',
    false,
  ],
  ["a key that no sweep can set", written({ sweep: { vary: { "sweep.seed": [1] } } }), "experiment", "[", false],
  [
    "a missing file among the values of a sweep",
    written({ sweep: { vary: { "task.train": ["reviews.csv", "review.csv"] } } }),
    "missing-file",
    '"review.csv"',
    true,
  ],
  [
    "a missing backbone among the values of a sweep",
    written({ sweep: { vary: { backbone: ["tiny-t5", "nope"] } } }),
    "missing-folder",
    '"nope"',
    true,
  ],
  [
    "a sweep's data without the field",
    written({ sweep: { vary: { "task.train": ["reviews.csv", "other.csv"] } } }),
    "unknown-field",
    '"{text}"',
    false,
  ],
  [
    "a start from no run",
    written({ method: { kind: "adept", promptLength: 20, source: "rn" } }),
    "missing-folder",
    '"rn"',
    true,
  ],
  [
    "a start from no run, of a sweep's method",
    written({ method: undefined, sweep: { methods: [{ kind: "pt", promptLength: 20, source: "rn" }] } }),
    "missing-folder",
    '"rn"',
    true,
  ],
  [
    "a method that stands there twice: the last counts",
    `{"name":"x","task":${JSON.stringify(good.task)},"method":{"kind":"adept"},"method":{"kind":"adept","budget":100}}`,
    "budget",
    "100",
    true,
  ],
];

/** Keys that stand in one object twice. */
const doubled = (node: Node): string[] => {
  const keys = node.type === "object" ? (node.children ?? []).map(({ children }) => String(children?.[0]?.value)) : [];
  return [...keys.filter((key, i) => keys.indexOf(key) !== i), ...(node.children ?? []).flatMap(doubled)];
};

test("no fix breaks the file: it can be parsed, and no key is repeated", async () => {
  for (const [what, text] of WRONG)
    for (const problem of (await checkExperiment(path, text)).problems)
      for (const [i, { title }] of problem.fixes.entries()) {
        const errors: ParseError[] = [];
        const root = parseTree(mended(text, problem, i), errors, { allowTrailingComma: true });
        assert.deepEqual(
          [errors, doubled(root!).filter((key) => key !== "method")],
          [[], []],
          `${what}: ${english(title)}`,
        );
      }
});

test("only folders with tensors are offered for method.source", async () => {
  const {
    problems: [first],
  } = await checkExperiment(path, written({ method: { kind: "adept", source: "dta" } }));
  assert.deepEqual(
    first!.fixes.map(({ title }) => english(title)),
    ['Change to "run"'],
  );
});

for (const [what, text, code, marked, mends] of WRONG) {
  test(`${what}: reported at its place${mends ? ", and solved by its first fix" : ""}`, async () => {
    const { problems } = await checkExperiment(path, text);
    const [first] = problems;
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.deepEqual([first!.code, text.slice(first!.from, first!.to)], [code, marked]);
    if (!mends) {
      assert.equal(first!.fixes.length, 0);
      return;
    }
    const after = mended(text, first!);
    assert.deepEqual((await checkExperiment(path, after)).problems, [], after);
    assert.doesNotThrow(() => experimentsOf(path, after));
  });
}

test("problems that the schema reports get no second squiggle; problems that it cannot report get one", async () => {
  const schema = async (change: object): Promise<boolean[]> =>
    (await checkExperiment(path, written(change))).problems.map((each) => each.schema);
  assert.deepEqual(await schema({ task: { kind: "named", name: "mnlii", folder: "data" } }), [true]);
  assert.deepEqual(await schema({ sweep: { vary: { "training.steps": { from: 5, to: 1, count: 2 } } } }), [false]);
  assert.deepEqual(await schema({ backbone: "t5-base" }), [false]);
});

test("a good file has no problems, and its sizes are returned; broken JSON is left to the editor", async () => {
  const found = await checkExperiment(path, written({ seeds: [0, 1] }));
  assert.deepEqual(found.problems, []);
  assert.equal(found.runs, 2);
  const { from, to, promptLength, bottleneck, count } = found.sizes!;
  assert.equal(written({ seeds: [0, 1] }).slice(from, to), "12800");
  assert.ok(count <= 12_800 && promptLength > 0 && bottleneck > 0);
  assert.deepEqual(await checkExperiment(path, "{"), { problems: [], places: [] });
  assert.deepEqual(
    (await checkExperiment(path, JSON.stringify({ ...good, task: { ...good.task, train: "bad.jsonl" } }))).problems.map(
      ({ code }) => code,
    ),
    ["missing-file"],
  );
});

test("a conversation without an answer is told at the file's name", async () => {
  const text = written({ task: { kind: "chat", train: "chat.jsonl" } });
  const problem = (await checkExperiment(path, text)).problems.find(({ code }) => code === "bad-data")!;
  assert.equal(text.slice(problem.from, problem.to), '"chat.jsonl"');
  assert.match(english(problem.message), /chat\.jsonl:2: turn 2, of role "assistant", is empty/);
});
