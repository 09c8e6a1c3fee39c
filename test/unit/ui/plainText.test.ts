import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plainLine, withoutIcons, withoutLinks, withoutTags } from "../../../src/ui/window/plainText.ts";
import { parsePageMessage } from "../../../src/protocol/pageToHost.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { loadParts } from "../../host/loadParts.ts";

test("no name becomes an icon, a link that runs a command, a tag or a second line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(plainLine(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      assert.doesNotMatch(withoutTags(`<${text}>`), /</);
      assert.ok(!withoutIcons(`$(${text}`).includes("$(") && !withoutLinks(`[a](${text}`).includes("]("));
    }),
  );
  assert.deepEqual(
    [
      plainLine("a\nb\u202ec"),
      withoutIcons("$(error) x"),
      withoutLinks("[go](command:workbench.action.quit)\nb"),
      withoutTags("<img\fsrc=x>&lt;"),
    ],
    ["a b c", "$\u200b(error) x", "[go]\u200b(command:workbench.action.quit)\nb", "&lt;img src=x>&amp;lt;"],
  );
});

test("a run's row, its tooltip and the heatmap's legend show a hostile name as text", async () => {
  const parts = await loadParts();
  const name = "$(error)<img\fsrc=https://example.invalid/x>\n- [go](command:x)\u202e";
  const record = {
    ...foldEvents([]),
    id: "20260101-000000-abcd",
    name,
    note: name,
    status: "finished" as const,
    tags: [name],
  };
  const run = {
    id: record.id,
    record,
    folder: { uri: parts.vscode.Uri.file("/w"), name: "w", index: 0 },
    directory: {},
  } as never;
  const item = parts.runItem(run, name);
  for (const text of [item.label as string, String(item.description)]) assert.doesNotMatch(text, /[\n\f\u202e]/);
  assert.doesNotMatch(parts.runTooltip(record).value, /\n- \[go\]|\f|\u202e/);
});

test("a page's message has an end", () => {
  const long = "x".repeat(9 * 1024 * 1024);
  for (const message of [
    { type: "copy", text: long },
    { type: "problem", message: long },
    { type: "diff", from: long, to: "a" },
    { type: "compare", ids: Array.from({ length: 2000 }, () => "a") },
    { type: "save", name: long, format: "png", data: "" },
  ])
    assert.equal(parsePageMessage(message), undefined, message.type);
  assert.ok(parsePageMessage({ type: "copy", text: "a" }));
});
