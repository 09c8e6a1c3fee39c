import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endTokens } from "../../../src/backbone/generationConfig.ts";
import { chatTemplateOf } from "../../../src/backbone/tokenizer/chatTemplate.ts";
import { readTokenizerConfig } from "../../../src/backbone/tokenizer/tokenizerConfig.ts";
import { chatExample } from "../../../src/task/chat/loadChatTask.ts";
import { jsonLines } from "../../../src/task/rows/jsonRows.ts";
import { makeTemplate } from "../make/makeTemplate.ts";
import { holds, texts, type Reader } from "../reader.ts";

const ASKED = [
  { role: "user", content: "is it red?" },
  { role: "assistant", content: "no" },
];
const CHATML =
  "{% for m in messages %}{{ '<s>' + m['role'] + '\n' + m.content | trim + '</s>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<s>assistant\n' }}{% endif %}";
const LOOPS =
  "{%- set ns = namespace(x='a', n=0) -%}{%- for i in range(5) -%}{%- set ns.x = ns.x ~ ns.x -%}{%- for m in messages[1:] -%}{{ loop.index0 + i }}{%- endfor -%}{%- endfor -%}{% macro f(t) %}{{ t | upper }}{% endmacro %}{{ f(ns.x) }}{{ messages | tojson(indent=2) }}{{ raise_exception('no') if messages | length > 9 }}";

/** The files beside a tokenizer; the same text stands for each of them. */
const chatTemplate: Reader = {
  name: "chatTemplate",
  json: true,
  // A rendering may take four seconds by its own limit.
  patience: 20_000,
  weight: 2,
  make: makeTemplate,
  corpus: () =>
    texts(
      { chat_template: CHATML, eos_token: "</s>", bos_token: { content: "<s>" }, eos_token_id: 2 },
      { chat_template: [{ name: "default", template: LOOPS }], eos_token_id: [2, 3], added_tokens_decoder: {} },
    ),
  open: (folder) => (input) => {
    for (const name of ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"])
      writeFileSync(join(folder, name), input);
    const config = readTokenizerConfig(folder);
    const { template } = chatTemplateOf(folder, config);
    for (const addGenerationPrompt of [true, false])
      holds(typeof template.render(ASKED, { addGenerationPrompt }) === "string", "a conversation is a text");
    if (config.specialTokens["eos_token"] === undefined)
      holds(endTokens(folder).every(Number.isSafeInteger), "end tokens are ids");
  },
};

const chatRow: Reader = {
  name: "chatRow",
  json: true,
  corpus: () =>
    texts(
      { messages: [{ role: "system", content: "s" }, ...ASKED, ...ASKED] },
      {
        conversations: [
          { from: "human", value: "a" },
          { from: "gpt", value: "b" },
        ],
        tools: "[{}]",
      },
      { prompt: "a", completion: [{ role: "assistant", content: [{ type: "text", text: "b" }] }] },
      { instruction: "a", input: "b", output: "c" },
    ),
  open: () => (input) => {
    for (const row of jsonLines(input.toString("utf8").replace(/\n/g, " "), "x.jsonl")) {
      const { target, chat } = chatExample("x.jsonl", row, { trainOn: "all" });
      const last = chat!.messages.at(-1)!;
      holds(last.role === "assistant" && last.content.trim() === target, "a conversation ends with its answer");
    }
  },
};

export const CHAT_READERS: readonly Reader[] = [chatTemplate, chatRow];
