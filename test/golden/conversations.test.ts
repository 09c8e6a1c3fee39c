import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { endTokens } from "../../src/backbone/generationConfig.ts";
import { chatTemplateOf } from "../../src/backbone/tokenizer/chatTemplate.ts";
import { loadTokenizer, type TextTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../src/backbone/tokenizer/tokenizerConfig.ts";
import type { ChatMessage } from "../../src/base/chatMessage.ts";
import { UserError } from "../../src/base/errors.ts";
import { english } from "../../src/base/phrase.ts";
import type { Experiment } from "../../src/experiment/experiment.ts";
import { chatExample } from "../../src/task/chat/loadChatTask.ts";
import { openEncoder } from "../../src/training/batch/openEncoder.ts";
import type { ExampleEncoder } from "../../src/training/batch/exampleEncoder.ts";
import type { TokenisedExample } from "../../src/training/batch/tokenisedExample.ts";
import { golden, withGoldens } from "./shared.ts";

const temporary = mkdtempSync(join(tmpdir(), "adept-conversations-"));
after(() => {
  rmSync(temporary, { recursive: true });
});
const TASK: Experiment["task"] = {
  kind: "chat",
  train: "x.jsonl",
  trainOn: "all",
  shots: undefined,
  split: { validation: 0, test: 0, seed: 0 },
};
const MESSAGES: ChatMessage[] = [
  { role: "user", content: "What is 17 + 4?" },
  { role: "assistant", content: "21" },
  { role: "user", content: "And 3 more?\n" },
  { role: "assistant", content: "That is 24, of course." },
];

interface Opened {
  folder: string;
  tokenizer: TextTokenizer;
  encoder: ExampleEncoder;
}
const open = (
  folder: string,
  { template, most = 512, answer = 64 }: { template?: string; most?: number; answer?: number } = {},
): Opened => {
  const tokenizer = loadTokenizer(folder);
  return {
    folder,
    tokenizer,
    encoder: openEncoder(
      { folder, isCausal: true, tokenizer },
      { task: TASK, prompt: { template, shots: 0 } },
      { maxSourceLength: most, maxTargetLength: answer },
    ),
  };
};
const encode = (
  { encoder }: Opened,
  trainOn: "all" | "last",
  messages: readonly ChatMessage[] = MESSAGES,
): Promise<TokenisedExample> =>
  encoder.encode(chatExample("x.jsonl", { fields: {}, lists: {}, objects: { messages }, line: 3 }, { trainOn }));

/** The texts of the trained stretches of tokens. */
async function trainedTexts({ tokenizer }: Opened, { labels }: TokenisedExample): Promise<string[]> {
  const stretches: number[][] = [[]];
  for (const id of Array.from(labels))
    if (id >= 0) stretches.at(-1)!.push(id);
    else if (stretches.at(-1)!.length > 0) stretches.push([]);
  return Promise.all(stretches.filter((ids) => ids.length > 0).map((ids) => tokenizer.decode(ids, false)));
}
const said = async (work: Promise<unknown>): Promise<[string, string]> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof UserError);
    return [error.code, english(error.phrase)];
  }
  return ["", ""];
};
/** A folder with another model's tokenizer and a template of its own. */
function withTemplate(name: string, from: string, config: object): string {
  const folder = join(temporary, name);
  cpSync(join(from, "tokenizer.json"), join(folder, "tokenizer.json"));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  return folder;
}

const REAL = join(import.meta.dirname, "../cache/smollm2");
const MODELS: [string, string, string][] = [
  ["llama3-tiny", golden("models", "llama3-tiny"), "<|eot_id|>"],
  ["qwen2-tiny", golden("models", "qwen2-tiny"), "<|im_end|>"],
  // Its template ends a turn with a token that is none of the model's end tokens, so the end token follows it.
  ["gemma2-tiny", golden("models", "gemma2-tiny"), "<end_of_turn>"],
  ["SmolLM2-135M-Instruct", REAL, "<|im_end|>"],
];

withGoldens("a refused conversation", () => {
  test("a template that refuses a row's conversation names the row", async () => {
    const template =
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}{{ m.content }}{% endfor %}";
    const opened = open(golden("models", "llama3-tiny"), { template });
    const refused = encode(opened, "last", [{ role: "system", content: "Be brief." }, ...MESSAGES]);
    const [code, text] = await said(refused);
    assert.equal(code, "chat-template-refused");
    assert.match(text, /prompt\.template refuses the conversation of x\.jsonl:3: no system turn/);
  });
});

withGoldens("answers of conversations", () => {
  for (const [name, folder, end] of MODELS.filter(([, each]) => existsSync(each))) {
    test(`${name}: the answers of a conversation are trained with the end of their turns, and nothing else`, async () => {
      const opened = open(folder);
      const all = await encode(opened, "all");
      const texts = await trainedTexts(opened, all);
      assert.equal(texts.length, 2);
      assert.ok(texts[0]!.startsWith(`21${end}`) && texts[1]!.startsWith(`That is 24, of course.${end}`), texts.join());
      const last = await encode(opened, "last");
      assert.deepEqual(await trainedTexts(opened, last), texts.slice(1));
      assert.ok(new Set(endTokens(folder)).has(all.labels[all.labels.length - 1]!), "the end token is trained");
      assert.equal(last.targetIds, undefined);
    });

    test(`${name}: what precedes an answer has the tokens of the prompt that asks for it`, async () => {
      const opened = open(folder);
      const { template } = chatTemplateOf(folder, readTokenizerConfig(folder));
      const ids = (turns: number): Promise<number[]> =>
        opened.tokenizer.encodeIds(template.render(MESSAGES.slice(0, turns), { addGenerationPrompt: true }), {
          addSpecial: false,
        });
      const all = await encode(opened, "all");
      assert.deepEqual(Array.from(all.ids), await ids(1));
      assert.deepEqual(Array.from((await encode(opened, "last")).ids), await ids(3));
      const joined = [...Array.from(all.ids), ...Array.from(all.targetIds!)];
      assert.deepEqual(joined.slice(0, (await ids(3)).length), await ids(3));
      Array.from(all.labels).forEach((label, at) => {
        assert.ok(label === -100 || label === all.targetIds![at]);
      });
    });

    test(`${name}: an input that is too long loses the middle of the user's text, an answer its end`, async () => {
      const long = [
        { role: "user", content: `Begin ${"many old words ".repeat(60)} end?` },
        { role: "assistant", content: "yes and no and yes and no and so on" },
      ];
      const whole = await encode(open(folder), "last", long);
      const most = Array.from(whole.ids).length - 100;
      const opened = open(folder, { most, answer: 4 });
      const cut = await encode(opened, "last", long);
      const at = cut.cut!.at;
      assert.deepEqual(cut.cut, { source: 100, target: whole.labels.length - 4, at });
      const left = Array.from(whole.ids);
      assert.deepEqual(Array.from(cut.ids), [...left.slice(0, at), ...left.slice(at + 100)]);
      assert.equal(cut.ids.length, most);
      const text = await opened.tokenizer.decode(Array.from(cut.ids), false);
      const [head, tail] = [text.indexOf("Begin many"), text.indexOf("words  end?")];
      assert.ok(head > 0 && tail > head, text);
      const full = await opened.tokenizer.decode(Array.from(whole.ids), false);
      assert.ok(text.startsWith(full.slice(0, head)) && full.endsWith(text.slice(tail)));
      assert.deepEqual(Array.from(cut.labels), Array.from(whole.labels).slice(0, 4));
    });
  }
});

withGoldens("templates of conversations", () => {
  test("a template that gives a turn's end to the next turn still has it trained, and the last answer ends", async () => {
    const template =
      "{% for m in messages %}{% if not loop.first %}<|im_end|>{% endif %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|im_end|><|im_start|>assistant\n{% endif %}";
    const opened = open(golden("models", "qwen2-tiny"), { template });
    assert.deepEqual(await trainedTexts(opened, await encode(opened, "all")), [
      "21<|im_end|>",
      "That is 24, of course.<|im_end|>",
    ]);
  });

  test("a template that rewrites earlier answers is told with row and turn; their last answer can be trained", async () => {
    const template =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>') | last }}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    const messages = MESSAGES.map((m) =>
      m.role === "assistant" ? { ...m, content: `<think>hm</think>${m.content}` } : m,
    );
    const opened = open(golden("models", "qwen2-tiny"), { template });
    const [code, text] = await said(encode(opened, "all", messages));
    assert.equal(code, "chat-template-rewrites-turns");
    assert.match(text, /^x\.jsonl:3: turn 2: /);
    assert.deepEqual(await trainedTexts(opened, await encode(opened, "last", messages)), [
      "<think>hm</think>That is 24, of course.<|im_end|>",
    ]);
  });

  test("a token that straddles prompt and answer is parted, as it is when the prompt alone is given", async () => {
    const template =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
    const opened = open(golden("models", "qwen2-tiny"), { template });
    const { tokenizer } = opened;
    const bare = (text: string): Promise<number[]> => tokenizer.encodeIds(text, { addSpecial: false });
    const asked = [MESSAGES[0]!, { role: "assistant", content: "one two" }];
    const prompt = "user: What is 17 + 4?<|im_end|>assistant: ";
    const head = await bare(prompt);
    assert.notDeepEqual((await bare(`${prompt}one two`)).slice(0, head.length), head, "the space joins the word");
    const { ids, labels } = await encode(opened, "all", asked);
    assert.deepEqual(Array.from(ids), head);
    assert.deepEqual(Array.from(labels), await bare("one two<|im_end|>"));
  });

  test("a tokenizer that would add a space between the parts is told with row and turn", async () => {
    const folder = withTemplate("llama2", golden("tokenizers", "llama2"), {
      eos_token: "</s>",
      chat_template:
        "{% for m in messages %}{{ m.role }}: {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
    });
    const long = [MESSAGES[0]!, { role: "assistant", content: "one two" }];
    const [code, text] = await said(encode(open(folder), "all", long));
    assert.equal(code, "chat-tokens-straddle-turns");
    assert.match(text, /^x\.jsonl:3: turn 2: /);
  });
});

withGoldens("forms of a prompt", () => {
  test("solved examples stand before the question, after the system turn, as many as fit", async () => {
    const folder = golden("models", "qwen2-tiny");
    const shots = [1, 2].map((i) => ({ source: `q${i}`, target: `a${i}` }));
    const tokenizer = loadTokenizer(folder);
    const text = async (form: "plain" | "chat", most: number): Promise<string> => {
      const encoder = openEncoder(
        { folder, isCausal: true, tokenizer },
        { task: TASK, prompt: { form, shots: 2, ...(form === "chat" && { system: "S" }) } },
        { maxSourceLength: most, maxTargetLength: 64 },
      ).withShots(shots);
      return tokenizer.decode(Array.from((await encoder.encode({ source: "q3", target: "a3" })).ids), false);
    };
    const turn = (role: string, content: string): string => `<|im_start|>${role}\n${content}<|im_end|>\n`;
    const end = `${turn("user", "q3")}<|im_start|>assistant\n`;
    const [first, second] = shots.map(({ source, target }) => turn("user", source) + turn("assistant", target));
    assert.equal(await text("chat", 512), turn("system", "S") + first! + second! + end);
    const fewer = turn("system", "S") + second! + end;
    assert.equal(await text("chat", (await tokenizer.encodeIds(fewer)).length), fewer);
    assert.equal(await text("plain", 512), "q1 a1\n\nq2 a2\n\nq3");
  });

  test("forms that a backbone cannot have are refused with the way out", async () => {
    const tokenizer = loadTokenizer(golden("models", "qwen2-tiny"));
    const lengths = { maxSourceLength: 9, maxTargetLength: 9 };
    const code = (folder: string, isCausal: boolean, experiment: Parameters<typeof openEncoder>[1]): Promise<string> =>
      said(
        (async () => {
          await Promise.resolve();
          openEncoder({ folder, isCausal, tokenizer }, experiment, lengths);
        })(),
      ).then(([each]) => each);
    const bare = withTemplate("bare", golden("models", "qwen2-tiny"), { eos_token: "<|im_end|>" });
    const mail = { kind: "mail", maxBodyCharacters: 1, shots: undefined, split: TASK.split } as const;
    assert.equal(await code(bare, true, { task: TASK }), "chat-template-missing");
    assert.equal(await code(bare, true, { task: TASK, prompt: { template: "x", shots: 0 } }), "");
    assert.equal(await code(bare, true, { task: mail, prompt: { system: "x", shots: 0 } }), "prompt-key-of-chat-form");
    assert.equal(await code(bare, false, { task: TASK }), "chat-needs-causal-backbone");
    assert.equal(
      await code(bare, false, { task: mail, prompt: { form: "chat", shots: 0 } }),
      "prompt-needs-causal-backbone",
    );
    assert.equal(await code(bare, false, { task: mail, prompt: { form: "plain", shots: 0 } }), "");
    const endless = withTemplate("endless", golden("models", "qwen2-tiny"), {});
    assert.equal(await code(endless, true, { task: mail }), "end-token-missing");
  });
});
