import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { TextEditor } from "vscode";
import type { RunStatus } from "../../../src/record/events.ts";
import type { Heatmaps } from "../../../src/ui/heatmap/heatmaps.ts";
import type { Run } from "../../../src/ui/runs/runsModel.ts";
import type * as Parts from "../../host/hostParts.ts";
import { loadParts } from "../../host/loadParts.ts";
import { StubEditor } from "../../host/stubEditor.ts";
import { StubTokens } from "../../host/stubTokens.ts";

let parts: typeof Parts;
let tokens: StubTokens;
let heatmaps: Heatmaps;
let runs: Record<"a" | "b", Run>;
let changed: { fire: (change: { ids: string[]; list: boolean }) => void };
const folder = mkdtempSync(join(tmpdir(), "adept-heatmaps-"));
const reported: unknown[] = [];
const warned: string[] = [];
const rest = (milliseconds = 30): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const trainedOn = (train: string): object => ({
  backbone: "tiny-t5",
  task: { kind: "file", train },
  method: { kind: "adept" },
});
const run = (id: string): Run =>
  ({
    id,
    directory: {
      path: `/runs/${id}`,
      record: () => ({ sources: {} }),
      experiment: () => trainedOn(join(folder, `${id}.parquet`)),
    },
    record: { name: `Run ${id}`, method: "adept", status: "finished" },
  }) as unknown as Run;

before(async () => {
  parts = await loadParts();
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  const { vscode } = parts;
  const kept = new Map<string, unknown>();
  const own = new vscode.EventEmitter<{ ids: string[]; list: boolean }>();
  runs = { a: run("a"), b: run("b") };
  changed = own;
  tokens = new StubTokens();
  tokens.runs.set("/runs/a", { stamp: "a1", factor: 1 }).set("/runs/b", { stamp: "b1", factor: 3 });
  vscode.window.visibleTextEditors = [];
  vscode.settings.delete("adept.heatmap.showOnOpen");
  reported.length = warned.length = 0;
  heatmaps = new parts.Heatmaps({
    model: { onDidChange: own.event, find: (id: string) => Object.values(runs).find((each) => each.id === id) },
    errors: { report: (error: unknown) => reported.push(error) },
    log: { warn: (text: string) => warned.push(text) },
    tokens: { get: () => tokens },
    state: { get: (key: string) => kept.get(key), update: (key: string, value: unknown) => kept.set(key, value) },
  } as unknown as ConstructorParameters<typeof parts.Heatmaps>[0]);
});

/** An editor in a column; of the same document as another. */
function editor(file: string, viewColumn: number, of?: TextEditor): TextEditor {
  const made = new StubEditor(["stone and paper", "river"], file).asEditor();
  if (of !== undefined) Object.defineProperty(made, "document", { value: of.document });
  return Object.assign(made, { viewColumn });
}
function show(...editors: TextEditor[]): void {
  parts.vscode.window.visibleTextEditors = editors;
  parts.vscode.window.activeTextEditor = editors[0];
  parts.vscode.events.viewColumn.fire();
  parts.vscode.events.visibleEditors.fire();
}
/** The run that each editor shows. */
const seen = (...editors: TextEditor[]): (string | undefined)[] =>
  editors.map((each) => {
    parts.vscode.window.activeTextEditor = each;
    return heatmaps.active()?.choice.run.id;
  });

test("two runs side by side keep their editors, however editor groups change", async () => {
  const first = editor("/d/a.txt", 1);
  const second = editor("/d/a.txt", 2, first);
  show(first, second);
  await heatmaps.show(first.document, runs.a);
  await heatmaps.show(first.document, runs.b, { editor: second });
  assert.deepEqual(seen(first, second), ["a", "b"]);
  // The left group is split: a new editor stands where the second was.
  const split = editor("/d/a.txt", 2, first);
  Object.assign(second, { viewColumn: 3 });
  show(first, split, second);
  assert.deepEqual(seen(first, split, second), ["a", "a", "b"]);
  Object.assign(second, { viewColumn: 1 });
  show(second);
  assert.deepEqual(seen(second), ["b"], "both left groups are closed");
  // A covered editor comes back as another, where it was.
  show();
  const back = editor("/d/a.txt", 1, first);
  const other = editor("/d/a.txt", 2, first);
  show(back, other);
  assert.deepEqual(seen(back, other), ["b", "a"]);
});

test("the legend shows the scale of the visible runs and their names", async () => {
  const first = editor("/d/a.txt", 1);
  const second = editor("/d/b.txt", 1);
  const legend = new parts.HeatmapLegend(heatmaps);
  show(first);
  await heatmaps.show(first.document, runs.a);
  assert.equal(heatmaps.scale("norm").high, 10);
  assert.match(parts.vscode.statusItem.text, /0–10 · Run a$/);
  show(second);
  await heatmaps.show(second.document, runs.b);
  assert.equal(heatmaps.scale("norm").high, 30);
  show(first);
  assert.equal(heatmaps.scale("norm").high, 10, "the other is in a tab behind");
  show(first, second);
  assert.equal(heatmaps.scale("norm").high, 30, "one for both");
  legend.dispose();
});

test("a heatmap that was hidden stays hidden, also where every data file shows one; a document opened again shows it", async () => {
  const { events, settings } = parts.vscode;
  const data = editor("/d/x.jsonl", 1);
  const other = editor("/d/y.txt", 1);
  show(data);
  await heatmaps.show(data.document, runs.a);
  settings.set("adept.heatmap.showOnOpen", true);
  heatmaps.hide(data.document.uri);
  const comeBack = async (): Promise<boolean> => {
    for (const each of [other, data]) {
      show(each);
      events.activeEditor.fire(each);
      await rest();
    }
    return heatmaps.active() !== undefined;
  };
  assert.equal(await comeBack(), false);
  events.closed.fire(data.document);
  assert.equal(await comeBack(), true);
  heatmaps.hideAll();
  assert.equal(await comeBack(), false);
  await heatmaps.show(data.document, runs.b);
  assert.ok(heatmaps.active(), "asked for again");
});

test("a resumed run is read again when its status or its tensors change, and dropped if it has none", async () => {
  const one = editor("/d/a.txt", 1);
  show(one);
  await heatmaps.show(one.document, runs.a);
  await rest();
  const values = (): number[] =>
    heatmaps
      .active()!
      .tokens()
      .map(({ value }) => value!);
  assert.deepEqual(values(), [5, 3, 5, 5]);
  const become = (status: RunStatus): void => {
    Object.assign(runs.a, { record: { ...runs.a.record, status } });
    changed.fire({ ids: ["a"], list: false });
  };
  tokens.runs.set("/runs/a", { stamp: "a2", factor: 2 });
  become("running");
  await rest();
  assert.deepEqual([values(), heatmaps.scale("norm").high], [[10, 6, 10, 10], 20]);
  // New tensors without a word: an answer tells, and no line has old values beside new ones.
  tokens.runs.set("/runs/a", { stamp: "a3", factor: 4 });
  (one as unknown as StubEditor).lines.push("paper");
  parts.vscode.events.changed.fire({
    document: one.document,
    contentChanges: [{ range: new parts.vscode.Range(1, 5, 1, 5) }],
  });
  await rest(200);
  assert.deepEqual([values(), heatmaps.scale("norm").high], [[20, 12, 20, 20, 20], 40]);
  tokens.runs.delete("/runs/a");
  become("finished");
  await rest();
  assert.equal(heatmaps.active(), undefined);
  assert.match(warned.join(), /no offsets yet/);
  assert.deepEqual(reported, []);
});

test("in high contrast the legend describes the underlines, and no two bins have the same", async () => {
  const { vscode } = parts;
  const one = editor("/d/a.txt", 1);
  const legend = new parts.HeatmapLegend(heatmaps);
  vscode.setTheme(vscode.ColorThemeKind.HighContrast);
  show(one);
  await heatmaps.show(one.document, runs.a);
  await rest();
  const lines = (): string[] =>
    [...vscode.statusItem.tooltip!.value.matchAll(/- [-\d.]+: (.*)/g)].map(([, line]) => line!);
  assert.equal(new Set(lines()).size, 9, vscode.statusItem.tooltip!.value);
  assert.deepEqual([lines()[0], lines()[8]], ["dotted line, 1 px", "solid line, 3 px"]);
  assert.doesNotMatch(vscode.statusItem.tooltip!.value, /background/);
  const looks = [...vscode.decorationTypes].map(({ options }) => {
    const { borderWidth, borderStyle } = options as Record<string, string>;
    return `${borderStyle} ${borderWidth}`;
  });
  assert.equal(new Set(looks).size, 9, looks.join("; "));
  heatmaps.setMeasure(one.document.uri, "cosine");
  await rest();
  assert.equal(new Set(lines()).size, 9, "eight lines, and none");
  vscode.setTheme(vscode.ColorThemeKind.Dark);
  await rest();
  assert.match(vscode.statusItem.tooltip!.value, /background-color/);
  legend.dispose();
});

test("the hover of a token shows where a word begins", async () => {
  const one = editor("/d/a.txt", 1);
  const hover = new parts.HeatmapHover(heatmaps);
  show(one);
  await heatmaps.show(one.document, runs.a);
  await rest();
  const told = await hover.provideHover(one.document, new parts.vscode.Position(0, 1) as never);
  const text = (told as unknown as { contents: { value: string }[] }).contents[0]!.value;
  assert.match(text, /\*\*␣word\*\* token 5, place 0, Run a/);
  hover.dispose();
});

test("a run from the list is shown over the open text if its data are no file, compressed or gone; a file that is no text is reported", async () => {
  const { vscode } = parts;
  const one = editor("/d/a.txt", 1);
  const opened: string[] = [];
  const refuse = { on: false };
  vscode.window.showTextDocument = ((uri: { fsPath: string }) => {
    opened.push(uri.fsPath);
    return refuse.on
      ? Promise.reject(new Error("Cannot open file: it seems to be binary"))
      : Promise.resolve({ document: one.document });
  }) as never;
  Object.assign(one.document.uri, { fsPath: "/d/a.txt" });
  const command = parts.heatmapCommands({
    heatmaps,
    pick: { one: () => Promise.resolve(runs.a) },
  } as unknown as Parameters<typeof parts.heatmapCommands>[0])["adept.showHeatmap"];
  const fromList = (): Promise<unknown> => Promise.resolve(command({ kind: "run" }, undefined));
  writeFileSync(join(folder, "a.parquet"), "PAR1");
  show(one);
  await fromList();
  assert.deepEqual(opened, ["/d/a.txt"]);
  const train = join(folder, "a.jsonl");
  Object.assign(runs.a.directory, { experiment: () => trainedOn(train) });
  await fromList();
  assert.deepEqual(opened.at(-1), "/d/a.txt", "its file is gone");
  writeFileSync(train, "{}");
  await fromList();
  assert.deepEqual(opened.at(-1), train);
  refuse.on = true;
  await assert.rejects(
    fromList(),
    (error: Error) => error.name === "UserError" && /cannot be shown as text: .*binary/.test(error.message),
  );
  vscode.window.activeTextEditor = undefined;
  rmSync(train);
  await assert.rejects(fromList(), /No text is open/);
});
