import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { randomChatModel } from "../unit/model/tinyCausal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "adept-process-"));
let model: string;

before(() => {
  model = randomChatModel();
});
after(async () => {
  rmSync(model, { recursive: true });
  await removeWorkspace(folder);
});

const turns = (...each: [role: string, content: string][]): string =>
  JSON.stringify({ messages: each.map(([role, content]) => ({ role, content })) });
const GOOD = Array.from({ length: 20 }, (_, i) =>
  turns(["user", `Is ${i} even?`], ["assistant", i % 2 === 0 ? "yes" : "no"]),
);
/** Changes the JSON of a file of the model's folder. */
type Change = (json: Record<string, unknown>) => Record<string, unknown>;
const template =
  (text: string | undefined): Change =>
  (json) => ({ ...json, chat_template: text });
const quantised =
  (method: string): Change =>
  (json) => ({ ...json, quantization_config: { quant_method: method, bits: 4, load_in_4bit: true } });

interface Trouble {
  what: string;
  /** The 21st row. */
  row?: string;
  config?: Change;
  tokenizer?: Change;
  task?: object;
  prompt?: object;
  /** What is wrong, and where. */
  said: RegExp;
  /** The way out. */
  action: RegExp;
}
const PLAIN = /prompt\.form "plain".*prompt\.template/s;
const ANOTHER = /Download the model that it was made from/;

const TROUBLES: readonly Trouble[] = [
  {
    what: "a template that raises",
    tokenizer: template("{% if messages[0].role == 'system' %}{{ raise_exception('No system here') }}{% endif %}"),
    task: { system: "Be brief." },
    said: /refuses the conversation of \S+data\.jsonl:\d+: No system here/,
    action: /prompt\.template/,
  },
  {
    what: "a template that is none",
    tokenizer: template("{% for m in messages %}{{ m.content }"),
    said: /chat template of \S+tokenizer_config\.json cannot be read/,
    action: /prompt\.template.*prompt\.form "plain"/s,
  },
  {
    what: "no template, asked for chat",
    tokenizer: template(undefined),
    prompt: { form: "chat" },
    said: /the tokenizer has no chat template/,
    action: PLAIN,
  },
  {
    what: "an unknown role",
    row: turns(["user", "x"], ["bot", "y"]),
    said: /data\.jsonl:21: turn 2 has the role "bot"/,
    action: /system, user, assistant or tool/,
  },
  {
    what: "an empty answer",
    row: turns(["user", "x"], ["assistant", ""]),
    said: /data\.jsonl:21: turn 2, of role "assistant", is empty/,
    action: /remove the row/,
  },
  {
    what: "no answer",
    row: turns(["user", "x"]),
    said: /data\.jsonl:21: the conversation has no turn of the assistant/,
    action: /Add the answer/,
  },
  {
    what: "weights of another size",
    config: (json) => ({ ...json, intermediate_size: 32 }),
    said: /model\.safetensors: tensor "[^"]+" has shape \(24, 16\), config\.json asks for \(32, 16\)/,
    action: /download both again/,
  },
  { what: "bitsandbytes", config: quantised("bitsandbytes"), said: /4 bits by bitsandbytes/, action: ANOTHER },
  { what: "GPTQ", config: quantised("gptq"), said: /4 bits by GPTQ/, action: ANOTHER },
  { what: "AWQ", config: quantised("awq"), said: /4 bits by AWQ/, action: ANOTHER },
  {
    what: "a mixture of experts",
    config: (json) => ({ ...json, model_type: "qwen2_moe" }),
    said: /"qwen2_moe" is not supported: it is a mixture of experts/,
    action: /The nearest is "qwen2"/,
  },
];

function changed(file: string, change: Change | undefined): void {
  if (change === undefined) return;
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>)));
}

/** Makes a folder with a model, conversations and an experiment. */
function prepare(name: string, { row, config, tokenizer, task, prompt }: Partial<Trouble>): string {
  const place = join(folder, name);
  mkdirSync(place);
  cpSync(model, join(place, "model"), { recursive: true });
  changed(join(place, "model/config.json"), config);
  changed(join(place, "model/tokenizer_config.json"), tokenizer);
  writeFileSync(join(place, "data.jsonl"), [...GOOD, ...(row === undefined ? [] : [row])].join("\n"));
  const experiment = {
    name: "chat",
    backbone: "model",
    task: { kind: "chat", train: "data.jsonl", ...task },
    ...(prompt !== undefined && { prompt }),
    method: { kind: "adept", promptLength: 2, bottleneck: 2 },
    training: { steps: 2, batchSize: 2, evaluateEvery: 2, maxSourceLength: 64, maxTargetLength: 8, warmup: 1 },
    engine: { device: "cpu", threads: 1 },
    git: false,
  };
  writeFileSync(join(place, "chat.adept.json"), JSON.stringify(experiment));
  return place;
}

const train = (place: string): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "train", "chat.adept.json"], {
    cwd: place,
    encoding: "utf8",
  });
  return { status, said: `${stdout}\n${stderr}` };
};

for (const trouble of TROUBLES)
  test(`${trouble.what}: training ends with what is wrong, where, and the way out`, () => {
    const { status, said } = train(prepare(trouble.what.replaceAll(" ", "-"), trouble));
    assert.equal(status, 1, said);
    assert.match(said, trouble.said);
    assert.match(said, trouble.action);
    assert.doesNotMatch(said, /\n {4}at /, "no stack: this is no bug");
  });

test("an answer longer than the limit is trained up to it, and that is told before the first step", () => {
  const long = turns(["user", "x"], ["assistant", "y ".repeat(400)]);
  const { status, said } = train(prepare("long-answer", { row: long }));
  assert.equal(status, 0, said);
  const warned = /1 of 21 answers are longer than training\.maxTargetLength \(8 tokens\)/.exec(said);
  assert.ok(warned !== null && warned.index < said.indexOf("step 1/2"), said);
});
