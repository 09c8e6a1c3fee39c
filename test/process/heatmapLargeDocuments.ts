import assert from "node:assert/strict";
import { test } from "node:test";
import { StubEditor } from "../host/stubEditor.ts";
import { coloured, parts, rest, over, asking, unitsOf, linesOf } from "./heatmapFixture.ts";

test("thousands of lines: only what is in sight is read, never more than 2,000 ranges, one call a colour", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    JSON.stringify({ text: `line ${i}: ${"stone and paper, river of light; ".repeat(12)}`, label: "yes" }),
  );
  const editor = new StubEditor(lines, "/d/data.jsonl", [10_000, 10_060]);
  const heatmap = await over(editor);
  await coloured(editor);
  const seen = editor.coloured();
  assert.ok(seen.length > 500 && seen.length <= 2000, String(seen.length));
  assert.ok(seen.every(({ line }) => line >= 9960 && line <= 10_100));
  assert.ok(seen.some(({ line }) => line === 10_000) && seen.some(({ line }) => line === 10_060));
  editor.calls = 0;
  heatmap.edited([]);
  assert.equal(editor.calls, 9);
  // Nothing is new: what follows a scroll sets each colour once, too.
  editor.calls = 0;
  editor.visible = [10_005, 10_065];
  await rest();
  heatmap.refresh(0);
  await rest();
  editor.calls = 0;
  heatmap.refresh(0);
  await rest();
  assert.equal(editor.calls, 9);
});

test("rows of 12, 20 and 100 kB: every line in sight keeps its colours, and little more is read than can be painted", async () => {
  for (const length of [12_000, 20_000, 100_000]) {
    const lines = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({
        id: i,
        text: `article ${i} ${"the committee said on Tuesday that paper and stone prices rose again, a river of light ".repeat(length / 87)}`,
        label: "yes",
      }),
    );
    const editor = new StubEditor(lines, "/d/articles.jsonl", [100, 150]);
    const { heatmap, asked } = await asking(editor);
    const seen = linesOf(editor);
    for (let line = 100; line <= 150; line++) assert.ok(seen.includes(line), `${length}: line ${line} is bare`);
    assert.ok(unitsOf(asked) < 250_000, `${length}: ${unitsOf(asked)} units read`);
    assert.ok(heatmap.readsTask);
    assert.equal(heatmap.painted!.columns, undefined, "all that the model reads is shown");
    // Back and forth: what was in sight is not asked for again.
    editor.visible = [101, 151];
    heatmap.refresh(0);
    await rest(300);
    const before = unitsOf(asked);
    editor.visible = [100, 150];
    heatmap.refresh(0);
    await rest(300);
    assert.equal(unitsOf(asked), before);
    assert.ok(linesOf(editor).includes(100));
  }
});

test("plain lines of 100,000 characters, many in sight: a part of each is read and painted, and said to be one", async () => {
  const editor = new StubEditor(
    Array.from({ length: 200 }, (_, i) => `line ${i} ${"stone and paper, river of light ".repeat(3200)}`),
    "/d/long.txt",
    [50, 110],
  );
  const { heatmap, asked } = await asking(editor);
  assert.ok(unitsOf(asked) < 80_000, String(unitsOf(asked)));
  assert.equal(linesOf(editor).length, 61);
  assert.ok(heatmap.painted!.columns !== undefined && heatmap.painted!.ranges.length <= 2000);
});

test("folded parts of a document are not read, wide tables are asked for in parts", async () => {
  const lines = Array.from({ length: 12_000 }, (_, i) => `stone and paper ${i}`);
  const folded = new StubEditor(lines, "/d/notes.md");
  Object.defineProperty(folded, "visibleRanges", {
    get: () => [new parts.vscode.Range(0, 0, 10, 5), new parts.vscode.Range(11_990, 0, 11_999, 5)],
  });
  const { asked } = await asking(folded);
  assert.ok(asked.flat().length < 300, String(asked.flat().length));
  assert.ok(linesOf(folded).includes(0) && linesOf(folded).includes(11_999) && !linesOf(folded).includes(6000));
  const names = Array.from({ length: 90 }, (_, i) => `c${i}`);
  const wide = new StubEditor(
    [names.join(), ...Array.from({ length: 60 }, (_, r) => names.map((name) => `word${r}x${name}`).join())],
    "/d/wide.csv",
    [0, 60],
  );
  const table = await asking(wide);
  assert.ok(table.asked.flat().length > 2000);
  assert.ok(table.asked.every((texts) => texts.length <= 1000));
  assert.equal(linesOf(wide).length, 60);
});

test("lines that are alike are asked for once", async () => {
  const editor = new StubEditor(
    Array.from({ length: 60 }, () => "stone and paper"),
    "/d/same.txt",
  );
  const { asked } = await asking(editor);
  assert.deepEqual(asked, [["stone and paper"]]);
  assert.equal(linesOf(editor).length, 60);
});

test("each row is read as the task reads it where it can be, whatever the first line holds", async () => {
  const row = JSON.stringify({ text: "bring paper and stone", label: "yes" });
  const words = (editor: StubEditor): string =>
    editor
      .coloured()
      .map(({ text }) => text.trim())
      .join(" ");
  const blank = new StubEditor(["", row], "/d/a.jsonl");
  assert.ok((await asking(blank)).heatmap.readsTask);
  assert.ok(!words(blank).includes("yes"));
  const deep = new StubEditor(
    [JSON.stringify({ qas: [{ text: "q" }], context: "bring paper", label: "some words" }), row],
    "/d/b.jsonl",
  );
  const { heatmap } = await asking(deep);
  assert.ok(words(deep).includes("some words"), "the first row lacks the field: each of its texts");
  assert.deepEqual(
    heatmap
      .tokens()
      .filter(({ line }) => line === 1)
      .map(({ position: place }) => place),
    [1, 2, 3, 4],
    "the second is read behind the template's word",
  );
  // What the task never reads of a row is not cut, what it reads is.
  const long = "stone and paper and river and light ".repeat(12).trim();
  const cut = new StubEditor([JSON.stringify({ text: long }), JSON.stringify({ other: long })], "/d/c.jsonl");
  const both = await asking(cut);
  const beyond = (line: number): number =>
    both.heatmap.tokens().filter((spot) => spot.line === line && spot.beyond === true).length;
  assert.ok(beyond(0) > 40 && beyond(1) === 0, `${beyond(0)} and ${beyond(1)}`);
});
