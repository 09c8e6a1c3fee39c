import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { endTokens } from "../../../src/backbone/generationConfig.ts";
import { ChatTemplate, chatTemplateOf } from "../../../src/backbone/tokenizer/chatTemplate.ts";
import { readTokenizerConfig } from "../../../src/backbone/tokenizer/tokenizerConfig.ts";
import { UserError } from "../../../src/base/errors.ts";

const ASKED = [{ role: "user", content: "Is it <b>red</b>?" }];
const ROLES = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}";

function withFolder(files: Record<string, unknown>, check: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "adept-template-"));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
    check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const rendered = (folder: string, tools?: unknown[]): string => {
  const { template, withTools } = chatTemplateOf(folder, readTokenizerConfig(folder));
  return (tools === undefined ? template : withTools).render(ASKED, { addGenerationPrompt: false, tools });
};
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
  return "";
};

test("a template is found in each of its places, and a file of its own goes first", () => {
  const named = [
    { name: "tool_use", template: "tools: {{ tools | length }}" },
    { name: "default", template: ROLES },
  ];
  const text = "[user]Is it <b>red</b>?</s>";
  withFolder({ "tokenizer_config.json": { eos_token: { content: "</s>" }, chat_template: ROLES } }, (folder) => {
    assert.equal(rendered(folder), text);
  });
  withFolder({ "tokenizer_config.json": { eos_token: "</s>", chat_template: named } }, (folder) => {
    assert.equal(rendered(folder), text);
    assert.equal(rendered(folder, [{}, {}]), "tools: 2");
  });
  const map = { "special_tokens_map.json": { eos_token: "</s>" } };
  withFolder({ ...map, "chat_template.json": { chat_template: ROLES } }, (folder) => {
    assert.equal(rendered(folder), text);
  });
  withFolder(
    { ...map, "chat_template.jinja": ROLES, "tokenizer_config.json": { chat_template: "other", eos_token: null } },
    (folder) => {
      assert.equal(rendered(folder), text);
    },
  );
});

test("a folder without a template, or with a malformed one, is an obstacle with its place", () => {
  withFolder({ "tokenizer_config.json": {} }, (folder) => {
    assert.equal(
      codeOf(() => rendered(folder)),
      "chat-template-missing",
    );
    const { template } = chatTemplateOf(folder, readTokenizerConfig(folder), "own: {{ messages[0].content }}");
    assert.equal(template.render(ASKED, { addGenerationPrompt: true }), "own: Is it <b>red</b>?");
  });
  withFolder({ "tokenizer_config.json": '{"chat_template": 5}' }, (folder) => {
    assert.equal(
      codeOf(() => rendered(folder)),
      "tokenizer-config-malformed",
    );
  });
  assert.equal(
    codeOf(() => new ChatTemplate("{% for m in %}", {}, "x")),
    "chat-template-malformed",
  );
});

test("a template cannot use the clock: every day gives the same text", () => {
  const template = new ChatTemplate('{{ strftime_now("%d %b %Y") }}', {}, "x");
  assert.equal(template.render(ASKED, { addGenerationPrompt: false }), "26 Jul 2024");
});

test("a hostile template ends within its limits, with an error that says so", () => {
  const doubled = "{% set x = 'ab' %}" + "{% set x = x ~ x %}".repeat(60);
  const hostile = {
    "endless loops": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "long range": "{{ range(1000000000) | length }}",
    "doubled text": doubled,
    "doubled list": "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "endless macro": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "deep nesting": `{{ ${"(".repeat(20_000)}1${")".repeat(20_000)} }}`,
    "white space": " ".repeat(100_000),
    size: "a".repeat(300_000),
  };
  for (const [name, template] of Object.entries(hostile)) {
    const start = performance.now();
    const code = codeOf(() => new ChatTemplate(template, {}, "x").render(ASKED, { addGenerationPrompt: false }));
    assert.ok(["chat-template-failed", "chat-template-malformed"].includes(code), `${name}: ${code}`);
    assert.ok(performance.now() - start < 8000, name);
  }
});

test("end tokens are those of both configs and of the tokenizer, each once", () => {
  const tokens = { eos_token: "<end>", added_tokens_decoder: { 7: { content: "<end>" } } };
  withFolder(
    {
      "config.json": { eos_token_id: 2 },
      "generation_config.json": { eos_token_id: [9, 2] },
      "tokenizer_config.json": tokens,
    },
    (folder) => {
      assert.deepEqual(endTokens(folder), [2, 7, 9]);
    },
  );
  withFolder({ "config.json": { eos_token_id: null } }, (folder) => {
    assert.deepEqual(endTokens(folder), []);
  });
  withFolder({ "generation_config.json": { eos_token_id: "two" } }, (folder) => {
    assert.equal(
      codeOf(() => endTokens(folder)),
      "generation-config-malformed",
    );
  });
});
