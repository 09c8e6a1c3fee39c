import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import type { EditorHeatmap } from "../../src/ui/heatmap/editorHeatmap.ts";
import type { Run } from "../../src/ui/runs/runsModel.ts";
import type * as Parts from "../host/hostParts.ts";
import { loadParts } from "../host/loadParts.ts";
import { StubEditor } from "../host/stubEditor.ts";

const DIST = join(import.meta.dirname, "../../dist");
const folder = mkdtempSync(join(tmpdir(), "adept-heatmap-"));
const tokenizer = loadTokenizer(join(import.meta.dirname, "../../models/tiny-t5"));
let parts: typeof Parts;
let worker: TokenWorker;
let run: Run;
const failures: unknown[] = [];
const rest = (milliseconds = 300): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

before(async () => {
  parts = await loadParts();
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `the meeting is on day ${i}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({
      name: "words",
      git: false,
      task: { kind: "file", train: "data.jsonl", source: "say {text}", target: "{label}" },
      method: { kind: "adept", promptLength: 4, bottleneck: 6 },
      training: { steps: 20, batchSize: 8, maxSourceLength: 32, maxTargetLength: 3, warmup: 1 },
      engine: { threads: 1 },
    }),
  );
  execFileSync(process.execPath, [join(DIST, "cli.js"), "train", "w.adept.json"], { cwd: folder, stdio: "pipe" });
  const path = join(folder, ".adept/runs", readdirSync(join(folder, ".adept/runs"))[0]!);
  run = { id: "r", directory: { path } } as unknown as Run;
  worker = new TokenWorker({
    workerPath: join(DIST, "worker.js"),
    nodePath: process.execPath,
    onLog: (line) => failures.push(line),
  });
});
after(() => {
  worker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function over(editor: StubEditor): Promise<EditorHeatmap> {
  const opened = await worker.open(run.directory.path);
  const decorations = new parts.HeatmapDecorations();
  const heatmap = new parts.EditorHeatmap(
    editor.asEditor(),
    { run, opened, measure: "norm" },
    {
      worker,
      decorations,
      scale: (measure) => opened.measures[measure]!,
      failed: (error) => failures.push(error),
      painted: () => {
        /* nobody looks */
      },
      outdated: () => {
        failures.push("outdated");
      },
    },
  );
  decorations.onDidChange(() => {
    heatmap.refresh(0);
  });
  heatmap.refresh(0);
  await rest();
  assert.deepEqual(failures, []);
  return heatmap;
}

/** The coloured units of a line, as one string with bare units as dots. */
const shape = (editor: StubEditor, line: number): string => {
  const units = Array.from({ length: editor.lines[line]!.length }, () => ".");
  for (const { from, text } of editor.coloured().filter((each) => each.line === line))
    for (let i = 0; i < text.length; i++) units[from + i] = editor.lines[line]![from + i]!;
  return units.join("");
};

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
  const spot = heatmap.tokenAt(new parts.vscode.Position(0, at) as never)!;
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
  await rest();
  assert.deepEqual([...new Set(editor.coloured().map(({ line }) => line))], [0, 1, 3, 4]);
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

test("thousands of lines: only what is in sight is read, never more than 2,000 ranges, one call a colour", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    JSON.stringify({ text: `line ${i}: ${"stone and paper, river of light; ".repeat(12)}`, label: "yes" }),
  );
  const editor = new StubEditor(lines, "/d/data.jsonl", [10_000, 10_060]);
  const heatmap = await over(editor);
  await rest();
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

/** The heatmap once it rests, and what was asked for it. */
async function asking(
  editor: StubEditor,
): Promise<{ heatmap: EditorHeatmap; asked: string[][]; paints: () => number }> {
  const opened = await worker.open(run.directory.path);
  const decorations = new parts.HeatmapDecorations();
  const asked: string[][] = [];
  let paints = 0;
  const listening = {
    encode: (question: Parameters<TokenWorker["encode"]>[0]) => {
      asked.push(question.texts);
      return worker.encode(question);
    },
  };
  const heatmap = new parts.EditorHeatmap(
    editor.asEditor(),
    { run, opened, measure: "norm" },
    {
      worker: listening as unknown as TokenWorker,
      decorations,
      scale: (own) => opened.measures[own]!,
      failed: (error) => failures.push(error),
      painted: () => {
        paints++;
      },
      outdated: () => {
        failures.push("outdated");
      },
    },
  );
  heatmap.refresh(0);
  for (let quiet = 0, before = -1; quiet < 4; quiet = before === asked.length + paints ? quiet + 1 : 0) {
    before = asked.length + paints;
    await rest(150);
  }
  assert.deepEqual(failures, []);
  return { heatmap, asked, paints: () => paints };
}
const unitsOf = (asked: readonly string[][]): number => asked.flat().reduce((sum, text) => sum + text.length, 0);
const linesOf = (editor: StubEditor): number[] => [...new Set(editor.coloured().map(({ line }) => line))];

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
