import assert from "node:assert/strict";
import { test } from "node:test";
import { endTokens } from "../../src/backbone/generationConfig.ts";
import type { ChatMessage } from "../../src/base/chatMessage.ts";
import { chatTemplateOf } from "../../src/backbone/tokenizer/chatTemplate.ts";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../src/backbone/tokenizer/tokenizerConfig.ts";
import { UserError } from "../../src/base/errors.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Prompts {
  chat: { messages: ChatMessage[]; add_generation_prompt: boolean; text?: string; ids?: number[]; error?: string }[];
  plain: { text: string; ids: number[]; ids_without_special: number[] }[];
}

withGoldens("evaluate-decoders", () => {
  const models = readJson<Record<string, Prompts>>("evaluate-decoders", "prompts.json");
  const { cases } = readJson<{ cases: Record<string, { eos_token_ids: number[] }> }>(
    "evaluate-decoders",
    "expected.json",
  );
  for (const [name, { chat, plain }] of Object.entries(models)) {
    const folder = golden("models", name);
    test(`${name}: conversations become the text and the tokens of Hugging Face, or its template's error`, async () => {
      const tokenizer = loadTokenizer(folder);
      const { template } = chatTemplateOf(folder, readTokenizerConfig(folder));
      for (const { messages, add_generation_prompt: addGenerationPrompt, text, ids, error } of chat) {
        const render = (): string => template.render(messages, { addGenerationPrompt });
        if (error !== undefined)
          assert.throws(render, (thrown) => {
            assert.ok(thrown instanceof UserError);
            assert.equal(thrown.code, "chat-template-refused");
            assert.equal(thrown.phrase.values.at(-1), error);
            return true;
          });
        else {
          assert.equal(render(), text);
          assert.deepEqual(await tokenizer.encodeIds(text!, { addSpecial: false }), ids);
        }
      }
      assert.ok(chat.length > 10);
    });
    test(`${name}: plain texts have the tokens of Hugging Face`, async () => {
      const tokenizer = loadTokenizer(folder);
      for (const { text, ids, ids_without_special: bare } of plain) {
        assert.deepEqual(await tokenizer.encodeIds(text), ids);
        assert.deepEqual(await tokenizer.encodeIds(text, { addSpecial: false }), bare);
      }
    });
    test(`${name}: generation ends at every end token of the model's files`, () => {
      assert.deepEqual(endTokens(folder), cases[`${name}/bare/plain`]!.eos_token_ids);
    });
  }
});
