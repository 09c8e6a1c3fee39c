import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import type { Example } from "../../../src/task/example.ts";
import { loadTask } from "../../../src/task/loadTask.ts";

interface Given {
  system?: string;
  trainOn?: "all" | "last";
  split?: { validation: number; test: number; seed: number };
}

async function loaded(rows: readonly unknown[], given: Given = {}): Promise<Awaited<ReturnType<typeof loadTask>>> {
  const folder = mkdtempSync(join(tmpdir(), "adept-chat-"));
  try {
    const train = join(folder, "chat.jsonl");
    writeFileSync(train, rows.map((row) => JSON.stringify(row)).join("\n"));
    const split = { validation: 0, test: 0, seed: 42 };
    return await loadTask({ kind: "chat", train, shots: undefined, trainOn: "all", split, ...given });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const one = async (row: unknown, given?: Given): Promise<Example> => (await loaded([row], given)).train[0]!;
const said = async (row: unknown): Promise<[string, string]> => {
  try {
    await loaded([{ prompt: "first", completion: "good" }, row]);
  } catch (error) {
    assert.ok(error instanceof UserError);
    return [error.code, english(error.phrase).replace(/^.*chat\.jsonl/, "chat.jsonl")];
  }
  return ["", ""];
};
const turn = (role: string, content: unknown): object => ({ role, content });

test("every form of a question and its answer is the same conversation", async () => {
  const same = [
    { messages: [turn("user", "Is it red?"), turn("assistant", "No.")] },
    {
      conversations: [
        { from: "human", value: "Is it red?" },
        { from: "gpt", value: "No." },
      ],
    },
    { prompt: "Is it red?", completion: "No." },
    { prompt: [turn("user", "Is it red?")], completion: [turn("assistant", "No.")] },
    { prompt: [turn("user", "Is it red?")], completion: "No." },
    { instruction: "Is it red?", input: "", output: "No." },
    {
      messages: [
        turn("User", [
          { type: "text", text: "Is it " },
          { type: "text", text: "red?" },
        ]),
        turn("model", "No."),
      ],
    },
  ];
  for (const row of same) {
    const { source, target, chat } = await one(row);
    assert.equal(source, "Is it red?");
    assert.equal(target, "No.");
    assert.deepEqual(chat?.messages, [turn("user", "Is it red?"), turn("assistant", "No.")], JSON.stringify(row));
  }
  assert.equal((await one({ instruction: "Translate.", input: "Ja", output: "Yes" })).source, "Translate.\n\nJa");
});

test("turns keep what else they say, tools are read from a list or its JSON, and the answer comes last", async () => {
  const call = { role: "assistant", content: null, tool_calls: [{ name: "f" }] };
  const { source, target, chat } = await one({
    messages: [
      turn("system", "Be brief."),
      turn("user", "Now?"),
      call,
      turn("tool", "12:00"),
      turn("assistant", " Noon. "),
      turn("user", "Thanks"),
    ],
    tools: '[{"name": "f"}]',
  });
  assert.equal(target, "Noon.");
  assert.equal(source, "system: Be brief.\n\nuser: Now?\n\nassistant: \n\ntool: 12:00");
  assert.equal(chat?.messages.length, 5);
  assert.deepEqual(chat.messages[2], { role: "assistant", content: "", tool_calls: [{ name: "f" }] });
  assert.deepEqual(chat.tools, [{ name: "f" }]);
});

test("a system turn is the row's own, else its column's, else the task's", async () => {
  const rest = [turn("user", "a"), turn("assistant", "b")];
  const first = async (row: object): Promise<unknown> =>
    (await one(row, { system: "task" })).chat?.messages[0]?.content;
  assert.equal(await first({ messages: [turn("system", "own"), ...rest], system: "column" }), "own");
  assert.equal(await first({ messages: rest, system: "column" }), "column");
  assert.equal(await first({ messages: rest }), "task");
});

test("validation and test are scored by the last answer, whatever is trained", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ prompt: `q${i}`, completion: `a${i % 2}` }));
  const data = await loaded(rows, { trainOn: "all", split: { validation: 0.2, test: 0.2, seed: 1 } });
  const trained = (examples: readonly Example[]): unknown[] => [...new Set(examples.map(({ chat }) => chat?.trainOn))];
  assert.deepEqual([data.train, data.validation, data.test].map(trained), [["all"], ["last"], ["last"]]);
  assert.deepEqual(data.labels, ["a0", "a1"]);
});

test("what is no conversation is told with file, line and turn", async () => {
  const [user, answer] = [turn("user", "a"), turn("assistant", "b")];
  const wrong: [object, string, string][] = [
    [{ text: "a", label: "b" }, "chat-row-malformed", "chat.jsonl:2: the row is no conversation; it has: text, label"],
    [{ messages: [turn("bot", "a")] }, "chat-row-malformed", 'chat.jsonl:2: turn 1 has the role "bot"'],
    [{ messages: [turn("user", 5), answer] }, "chat-row-malformed", "chat.jsonl:2: turn 1: its content is no text"],
    [{ messages: [user] }, "chat-without-answer", "chat.jsonl:2: the conversation has no turn of the assistant"],
    [
      { messages: [user, turn("assistant", " \n")] },
      "chat-turn-empty",
      'chat.jsonl:2: turn 2, of role "assistant", is empty',
    ],
    [
      { messages: [answer, user, answer] },
      "chat-turns-out-of-order",
      'chat.jsonl:2: the conversation begins with a turn of role "assistant"',
    ],
    [
      { messages: [user, user, answer] },
      "chat-turns-out-of-order",
      'chat.jsonl:2: turn 2 has the role "user" after a turn of role "user"',
    ],
    [{ prompt: "a", completion: "b", tools: "{" }, "chat-row-malformed", 'chat.jsonl:2: the field "tools" is no JSON'],
  ];
  for (const [row, code, text] of wrong) {
    const [gotCode, got] = await said(row);
    assert.equal(gotCode, code, JSON.stringify(row));
    assert.ok(got.startsWith(text), got);
  }
});

test("a Parquet column of lists of turns is read as the lines of JSON are", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-chat-"));
  try {
    const messages = [turn("user", "Is it red?"), turn("assistant", "No.")];
    const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;
    const train = join(folder, "chat.parquet");
    const written = parquetWriteBuffer({
      columnData: [{ name: "messages", data: [messages, messages] }],
      schema: [
        { name: "root", num_children: 1 },
        { name: "messages", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
        { name: "role", ...text },
        { name: "content", ...text },
      ],
    });
    writeFileSync(train, new Uint8Array(written));
    const split = { validation: 0, test: 0, seed: 42 };
    const data = await loadTask({ kind: "chat", train, shots: undefined, trainOn: "all", split });
    assert.deepEqual(
      data.train.map(({ source, target, chat }) => [source, target, chat?.place.replace(/.*chat/, "chat")]),
      [
        ["Is it red?", "No.", "chat.parquet, row 1"],
        ["Is it red?", "No.", "chat.parquet, row 2"],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
