import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import type { TokenWorker } from "../../src/executor/tokenWorker.ts";
import { StubEditor } from "../host/stubEditor.ts";
import { parts, worker, run, failures, rest, over, shape } from "./heatmapFixture.ts";
// It registers its tests here: they share one trained run.
import "./heatmapLargeDocuments.ts";

const tokenizer = loadTokenizer(join(import.meta.dirname, "../../models/tiny-t5"));

test("fields of the task are coloured token by token, names, quotes and other fields are not; a BOM, tabs, emoji and CRLF do not move anything", async () => {
  const editor = new StubEditor(
    [
      '{"id": 7, "text": "a \\u00e9 😀\\tstone 好好", "label": "no"}',
      '{"text": broken',
      "",
      '{"text": "é مرحبا", "x": "also"}',
    ],
    "/d/data.jsonl",
  );
  const heatmap = await over(editor);
  assert.equal(shape(editor, 0).replaceAll(".", ""), "a \\u00e9 😀\\tstone 好好");
  assert.equal(shape(editor, 1).replaceAll(".", ""), "");
  assert.equal(shape(editor, 3).replaceAll(".", ""), "é مرحبا");
  assert.ok(heatmap.readsTask);
  // The token under a place is the tokenizer's own, at its place in the whole input.
  const { ids, offsets } = await tokenizer.encode("say a é 😀\tstone 好好");
  const at = editor.lines[0]!.indexOf("stone");
  const spot = heatmap.tokensAt(new parts.vscode.Position(0, at) as never)[0]!;
  assert.equal(spot.id, ids[spot.position!]);
  assert.equal(
    "say a é 😀\tstone 好好".slice(...offsets[spot.position!]!),
    JSON.parse(`"${editor.lines[0]!.slice(spot.from, spot.to)}"`),
  );
  heatmap.clear();
  assert.deepEqual(editor.coloured(), []);
});

test("after an edit no colour is stale: changed lines are bare until they are read anew, moved lines keep theirs", async () => {
  const editor = new StubEditor(["stone and paper", "", "the river of light", "green paper"], "/d/notes.txt");
  const heatmap = await over(editor);
  const before = editor.coloured();
  assert.deepEqual([...new Set(before.map(({ line }) => line))], [0, 2, 3]);
  editor.lines.splice(1, 0, "a new line");
  editor.edit(0, "stones and paper");
  heatmap.edited([{ range: new parts.vscode.Range(0, 0, 0, 5), rangeOffset: 0, rangeLength: 0, text: "" } as never]);
  assert.deepEqual(
    editor.coloured().map(({ line, text, colour }) => [line, text, colour]),
    before.filter(({ line }) => line > 0).map(({ line, text, colour }) => [line + 1, text, colour]),
    "at once, before any answer",
  );
  const colouredLines = (): number[] => [...new Set(editor.coloured().map(({ line }) => line))];
  // A busy machine takes longer than a pause of typing to read two lines.
  for (let pauses = 0; colouredLines().length < 4 && pauses < 20; pauses++) await rest();
  assert.deepEqual(colouredLines(), [0, 1, 3, 4]);
  // An answer that comes after a newer edit is not painted.
  editor.edit(0, "light");
  heatmap.edited([]);
  heatmap.refresh(0);
  await rest(5);
  editor.edit(0, "7");
  heatmap.edited([]);
  await rest();
  assert.equal(shape(editor, 0), "7");
});

test("cells of a table go over lines, its header and numbers are bare; what was shown follows the cursor on long lines", async () => {
  const editor = new StubEditor(["id,text,label", '1,"stone', 'and ""paper""",yes', "2,river,no"], "/d/data.csv");
  await over(editor);
  assert.deepEqual(
    [0, 1, 2, 3].map((line) => shape(editor, line)),
    [".............", "...stone", 'and ""paper"".....', "..river..."],
  );
  const long = new StubEditor(["stone and paper, ".repeat(5900)], "/d/long.txt", [0, 0]);
  const heatmap = await over(long);
  await rest(500);
  assert.ok(long.coloured().length <= 2000 && long.coloured().length > 50);
  assert.equal(heatmap.painted!.columns, 2000);
  long.selection = { active: new parts.vscode.Position(0, 90_000) };
  heatmap.refresh(0);
  await rest(500);
  assert.ok(
    long.coloured().some(({ from }) => Math.abs(from - 90_000) < 50),
    "about the cursor too",
  );
  // Wrapped, it is seen from one column to another: that is what is coloured.
  long.columns = [50_000, 53_000];
  long.selection = { active: new parts.vscode.Position(0, 0) };
  heatmap.refresh(0);
  await rest(500);
  assert.equal(heatmap.painted!.columns, undefined);
  assert.ok(
    long.coloured().every(({ from }) => from > 48_500 && from < 54_500) &&
      long.coloured().some(({ from }) => from > 52_500),
  );
});

test("when the header of a table changes, or another measure is chosen while an answer is on its way, nothing of before stays", async () => {
  const table = new StubEditor(["text,note", "stone,river"], "/d/a.csv");
  const heatmap = await over(table);
  assert.deepEqual(
    [...new Set(table.coloured().map(({ text }) => text))],
    ["stone"],
    "the task reads the column that is named text",
  );
  table.edit(0, "note,text");
  heatmap.edited([{ range: new parts.vscode.Range(0, 0, 0, 9) } as never]);
  assert.deepEqual(table.coloured(), [], "bare at once");
  await rest();
  assert.deepEqual([...new Set(table.coloured().map(({ text }) => text))], ["river"]);

  // A slow answer about norms must not stand where hidden units are shown.
  const opened = await worker.open(run.directory.path);
  const held: (() => void)[] = [];
  const decorations = new parts.HeatmapDecorations();
  const editor = new StubEditor(["stone and paper and light"], "/d/b.txt");
  const slow = {
    encode: async (question: Parameters<TokenWorker["encode"]>[0]) => {
      const answer = await worker.encode(question);
      if (question.measure === "norm")
        await new Promise<void>((done) => {
          held.push(done);
        });
      return answer;
    },
  };
  const late = new parts.EditorHeatmap(
    editor.asEditor(),
    { run, opened, measure: "norm" },
    {
      worker: slow as unknown as TokenWorker,
      decorations,
      scale: (own) => opened.measures[own]!,
      failed: (error) => failures.push(error),
      painted: () => {
        /* nobody looks */
      },
      outdated: () => {
        failures.push("outdated");
      },
    },
  );
  late.refresh(0);
  await rest();
  assert.equal(held.length, 1);
  late.choose({ run, opened, measure: "units" });
  held[0]!();
  await rest();
  const values = late.tokens().map(({ value }) => value);
  assert.ok(
    values.length > 3 && values.every((value) => Number.isInteger(value)),
    `hidden units are whole numbers: ${values.join()}`,
  );
  assert.deepEqual(failures, []);
  decorations.dispose();
});

test("two measures in sight at once keep their colours; another measure in one editor leaves nothing of the first", async () => {
  const opened = await worker.open(run.directory.path);
  const decorations = new parts.HeatmapDecorations();
  const made = (measure: "norm" | "cosine") => {
    const editor = new StubEditor(["stone and paper, a river of light"], "/d/a.txt");
    const heatmap = new parts.EditorHeatmap(
      editor.asEditor(),
      { run, opened, measure },
      {
        worker,
        decorations,
        scale: (own) => opened.measures[own]!,
        failed: (error) => failures.push(error),
        painted: () => {
          /* nobody looks */
        },
        outdated: () => {
          failures.push("outdated");
        },
      },
    );
    heatmap.refresh(0);
    return { editor, heatmap };
  };
  const [first, second] = [made("norm"), made("cosine")];
  await rest();
  assert.ok(first.editor.coloured().length > 0 && first.editor.coloured().every(({ colour }) => /heat\d/.test(colour)));
  assert.ok(
    second.editor.coloured().length > 0 &&
      second.editor.coloured().every(({ colour }) => /heat(Above|Below)\d/.test(colour)),
  );
  first.heatmap.choose({ run, opened, measure: "cosine" });
  await rest();
  assert.deepEqual(first.editor.coloured(), second.editor.coloured());
  assert.deepEqual(failures, []);
  decorations.dispose();
});

test("one type a colour and no more, anew in another theme, gone in the end", () => {
  const { decorationTypes, setTheme, ColorThemeKind } = parts.vscode;
  const decorations = new parts.HeatmapDecorations();
  const before = decorationTypes.size;
  assert.equal(decorations.typesOf(false).size, 9);
  assert.equal(decorations.typesOf(false), decorations.typesOf(false));
  assert.equal(decorations.typesOf(true).size, 8);
  assert.equal(decorationTypes.size - before, 17, "both kinds, where both are in sight");
  decorations.keepOnly([true]);
  assert.equal(decorationTypes.size - before, 8, "those of a scale that nobody shows are let go");
  let told = 0;
  decorations.onDidChange(() => {
    told++;
  });
  setTheme(ColorThemeKind.HighContrast);
  assert.equal(told, 1);
  for (const type of decorations.typesOf(false).values())
    assert.ok(!("backgroundColor" in (type as unknown as { options: object }).options), "a line below, no fill");
  const own = [...decorations.typesOf(false).values()] as unknown as (typeof decorationTypes extends Set<infer T>
    ? T
    : never)[];
  assert.ok(own.every((type) => decorationTypes.has(type)));
  decorations.dispose();
  assert.ok(!own.some((type) => decorationTypes.has(type)));
  setTheme(ColorThemeKind.Dark);
});
