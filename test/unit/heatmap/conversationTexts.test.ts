import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { rowTexts, type DocumentRow } from "../../../src/heatmap/rowTexts.ts";
import { promptReading } from "../../../src/worker/tokens/promptReading.ts";
import { writeByteTokenizer } from "../model/byteTokenizer.ts";

const row = (value: object): DocumentRow => ({ line: 0, lines: 1, text: JSON.stringify(value) });
const jsonl = { kind: "jsonl" as const, head: undefined };

test("each turn of a row is read within its chat template, and stands where the row spells it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-turns-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeByteTokenizer(folder);
  const experiment = ResolvedExperiment.parse({
    name: "x",
    task: { kind: "chat", train: "chat.jsonl" },
    method: { kind: "adept" },
  });
  const reading = promptReading(experiment, folder, true);
  const messages = row({
    n: 1,
    messages: [
      { role: "user", content: 'a "quoted" 😀' },
      { role: "assistant", content: "an answer" },
    ],
  });
  const texts = rowTexts(messages, { ...jsonl, ...reading });
  assert.equal(texts.length, 2);
  assert.ok(texts[0]!.text.endsWith('<|user|>a "quoted" 😀<|end|><|assistant|>a<|end|>'), texts[0]!.text);
  assert.ok(texts[1]!.text.includes("<|assistant|>an answer<|end|>"));
  for (const { text, pieces, isPart } of texts) {
    const [{ from, to, at }] = pieces as [(typeof pieces)[number]];
    const start = typeof at === "number" ? at : at[0]!;
    const end = typeof at === "number" ? at + to - from : at.at(-1)!;
    assert.equal(JSON.parse(`"${messages.text.slice(start, end)}"`), text.slice(from, to));
    assert.equal(isPart, true);
  }
  const pair = rowTexts(row({ prompt: "one", completion: "two", id: "x" }), { ...jsonl, ...reading });
  assert.deepEqual(
    pair.map(({ text, pieces: [piece] }) => text.slice(piece!.from, piece!.to)),
    ["one", "two"],
  );
  assert.deepEqual(rowTexts({ line: 0, lines: 1, text: "no json" }, { ...jsonl, ...reading }), []);
});

test("a task's input in the chat form is a turn of the user, with what the template writes from the beginning on", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-turns-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeByteTokenizer(folder);
  const experiment = ResolvedExperiment.parse({
    name: "x",
    task: { kind: "file", train: "data.jsonl", source: "say: {text}", target: "{label}" },
    prompt: { form: "chat" },
    method: { kind: "adept" },
  });
  const input = row({ text: "hi", label: "x" });
  const [chat] = rowTexts(input, { ...jsonl, ...promptReading(experiment, folder, true) });
  assert.equal(chat!.text, "<|user|>say: hi<|end|><|assistant|>");
  const plain = { ...experiment, prompt: undefined };
  assert.equal(rowTexts(input, { ...jsonl, ...promptReading(plain, folder, true) })[0]!.text, "say: hi");
});
