import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { english } from "../../src/base/phrase.ts";
import type { Problem } from "../../src/protocol/setupQuestions.ts";
import { checkExperiment } from "../../src/worker/check/checkExperiment.ts";
import { golden, hasGoldens } from "./shared.ts";

const needs = { skip: hasGoldens ? false : "expected numbers are not beside this checkout" };
const folder = mkdtempSync(join(tmpdir(), "adept-check-chat-"));
const path = join(folder, "x.adept.json");
const good = {
  name: "x",
  backbone: "model",
  task: { kind: "chat", train: "chat.jsonl" },
  method: { kind: "adept", promptLength: 2, bottleneck: 2 },
};

/** A copy of the tiny model with another value of a JSON file. */
function model(name: string, file: string, change: (value: Record<string, unknown>) => object): void {
  cpSync(golden("models", "qwen2-tiny"), join(folder, name), { recursive: true });
  if (file === "") return;
  const place = join(folder, name, file);
  writeFileSync(place, JSON.stringify(change(JSON.parse(readFileSync(place, "utf8")) as Record<string, unknown>)));
}

before(() => {
  if (!hasGoldens) return;
  const turns = [
    { role: "user", content: "Is it red?" },
    { role: "assistant", content: "no" },
  ];
  writeFileSync(join(folder, "chat.jsonl"), JSON.stringify({ messages: turns }));
  writeFileSync(join(folder, "odd.jsonl"), JSON.stringify({ messages: [{ role: "judge", content: "x" }, ...turns] }));
  writeFileSync(
    join(folder, "empty.jsonl"),
    JSON.stringify({ messages: [turns[0], { role: "assistant", content: " " }] }),
  );
  model("model", "", (value) => value);
  model("bare", "tokenizer_config.json", ({ chat_template: _, ...rest }) => rest);
  rmSync(join(folder, "bare", "chat_template.jinja"), { force: true });
  model("narrow", "config.json", (value) => ({ ...value, quantization_config: { quant_method: "awq", bits: 4 } }));
  model("other", "config.json", (value) => ({ ...value, intermediate_size: 96 }));
});
after(() => {
  rmSync(folder, { recursive: true });
});

const problemsOf = async (change: object): Promise<{ text: string; problems: Problem[] }> => {
  const text = JSON.stringify({ ...good, ...change }, undefined, 2);
  return { text, problems: (await checkExperiment(path, text)).problems };
};

/** What is wrong, where it is told, what is said of the way out, and whether its first fix mends it. */
const WRONG: [what: string, change: object, marked: string, said: RegExp, mends: boolean][] = [
  [
    "a template that raises",
    { prompt: { template: "{{ raise_exception('no turns of users') }}" } },
    `"{{ raise_exception('no turns of users') }}"`,
    /refuses the conversation: no turns of users.*prompt\.template/s,
    false,
  ],
  ["a template that is none", { prompt: { template: "{% for %}" } }, '"{% for %}"', /cannot be read/, false],
  [
    "an unknown role",
    { task: { kind: "chat", train: "odd.jsonl" } },
    '"odd.jsonl"',
    /odd\.jsonl:1: turn 1 has the role "judge".*system, user, assistant or tool/s,
    false,
  ],
  [
    "an empty answer",
    { task: { kind: "chat", train: "empty.jsonl" } },
    '"empty.jsonl"',
    /empty\.jsonl:1: turn 2, of role "assistant", is empty.*remove the row/s,
    false,
  ],
  [
    "a tokenizer without a chat template",
    { backbone: "bare", task: { ...good.task, trainOn: "last" }, prompt: { form: "chat" } },
    '"chat"',
    /no chat template.*prompt\.form "plain"/s,
    true,
  ],
  [
    "a checkpoint of four bits",
    { backbone: "narrow" },
    '"narrow"',
    /quantised to 4 bits by AWQ.*Download the model that it was made from/s,
    false,
  ],
  ["weights of another size", { backbone: "other" }, '"other"', /model.*96|96.*expected|size/s, false],
  [
    "all answers in plain form",
    { task: { ...good.task, trainOn: "all" }, prompt: { form: "plain" } },
    '"plain"',
    /trains the last answer only/,
    true,
  ],
  [
    "a system turn in plain form",
    { task: { ...good.task, trainOn: "last" }, prompt: { form: "plain", system: "Be brief." } },
    '"Be brief."',
    /belongs to the chat form/,
    true,
  ],
  [
    "a layer that the backbone lacks",
    { method: { kind: "lora", targets: ["q_prj"] } },
    '"q_prj"',
    /no linear layer "q_prj"; its layers are .*q_proj/,
    true,
  ],
];
for (const [what, change, marked, said, mends] of WRONG)
  test(`${what}: told at its place with the way out${mends ? ", and its first fix mends it" : ""}`, needs, async () => {
    const { text, problems } = await problemsOf(change);
    assert.equal(problems.length, 1, problems.map(({ message }) => english(message)).join("\n"));
    const [{ from, to, message, fixes }] = problems as [Problem];
    assert.equal(text.slice(from, to), marked);
    assert.match(english(message), said);
    assert.equal(fixes.length > 0, mends);
    if (!mends) return;
    const mended = [...fixes[0]!.edits]
      .sort((a, b) => b.from - a.from)
      .reduce((edited, edit) => edited.slice(0, edit.from) + edit.text + edited.slice(edit.to), text);
    assert.deepEqual((await checkExperiment(path, mended)).problems, [], mended);
  });

test("an experiment on conversations has no problem", needs, async () => {
  assert.deepEqual((await problemsOf({})).problems, []);
});
