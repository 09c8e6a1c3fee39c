import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { english } from "../../src/base/phrase.ts";
import { inspect } from "../../src/worker/tokens/inspect.ts";
import { golden, withGoldens } from "./shared.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-inspect-chat-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const turn = (role: string, content: string): object => ({ role, content });
const write = (name: string, rows: readonly unknown[]): string => {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
  return file;
};
const ASK = { id: 1, type: "inspect" as const, maxSourceLength: 512, maxTargetLength: 64 };
const long = [
  turn("user", "Is it red?"),
  turn("assistant", "no"),
  turn("user", "Why?"),
  turn("assistant", "blue it is"),
];

withGoldens("the preview of conversations", () => {
  const backbone = golden("models", "qwen2-tiny");

  test("rows of turns are read as conversations, and what is trained of them is marked", async () => {
    const train = write("chat.jsonl", [{ messages: long.slice(0, 2) }, { messages: long }]);
    const found = await inspect({ ...ASK, backbone, task: { kind: "file", train } });
    assert.deepEqual([found.kind, found.problem, found.columns, found.rows], ["chat", undefined, [], 2]);
    const [first, second] = found.examples;
    assert.deepEqual(first!.untrained, []);
    assert.equal(first!.targetPieces.at(-1), "<|im_end|>");
    const kept = second!.targetPieces.filter((_, at) => !second!.untrained.includes(at)).join("");
    assert.equal(kept.replace(/[Ġ ]/g, ""), "no<|im_end|>blueitis<|im_end|>");
    assert.equal(second!.pieces[0], "<|im_start|>");
    assert.deepEqual([found.truncated, found.targetsTruncated, found.kinds], [0, 0, ["chat"]]);
    const cut = await inspect({
      ...ASK,
      backbone,
      maxSourceLength: 12,
      maxTargetLength: 3,
      task: { kind: "chat", train },
    });
    assert.deepEqual([cut.truncated, cut.targetsTruncated], [2, 1]);
    assert.ok(cut.examples[0]!.cut > 0);
  });

  test("a row that is no conversation is the problem; an encoder-decoder cannot be trained on conversations", async () => {
    const train = write("wrong.jsonl", [{ messages: long }, { messages: [turn("user", "Is it red?")] }]);
    const found = await inspect({ ...ASK, backbone, task: { kind: "chat", train } });
    assert.match(english(found.problem!), /wrong\.jsonl:2: the conversation has no turn of the assistant/);
    assert.equal(found.examples.length, 1);
    const asFile = await inspect({ ...ASK, backbone: "tiny-t5", task: { kind: "file", train } });
    const asChat = await inspect({ ...ASK, backbone: "tiny-t5", task: { kind: "chat", train } });
    for (const { problem } of [asFile, asChat]) assert.match(english(problem!), /decoder-only/);
  });

  test("a file of columns is read in plain form by a decoder-only model", async () => {
    const train = write("plain.jsonl", [
      { text: "a long text of words", label: "yes" },
      { text: "another text of words", label: "no" },
      { text: "a third text of words", label: "yes" },
    ]);
    const found = await inspect({ ...ASK, backbone, task: { kind: "file", train } });
    assert.deepEqual([found.kinds, found.source, found.target], [["file"], "{text}", "{label}"]);
    assert.equal(found.examples[0]!.targetPieces.at(-1), "<|im_end|>");
  });
});
