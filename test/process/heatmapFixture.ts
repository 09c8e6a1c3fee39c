import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import type { EditorHeatmap } from "../../src/ui/heatmap/editorHeatmap.ts";
import type { Run } from "../../src/ui/runs/runsModel.ts";
import type * as Parts from "../host/hostParts.ts";
import { loadParts } from "../host/loadParts.ts";
import type { StubEditor } from "../host/stubEditor.ts";

const DIST = join(import.meta.dirname, "../../dist");
const folder = mkdtempSync(join(tmpdir(), "adept-heatmap-"));
export let parts: typeof Parts;
export let worker: TokenWorker;
export let run: Run;
export const failures: unknown[] = [];
export const rest = (milliseconds = 300): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until an editor has colours, at most 30 seconds: the first texts are read after the tokenizer is loaded. */
export async function coloured(editor: StubEditor): Promise<void> {
  for (const until = Date.now() + 30_000; editor.coloured().length === 0 && Date.now() < until;) await rest(50);
  await rest();
}

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

export async function over(editor: StubEditor): Promise<EditorHeatmap> {
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
export const shape = (editor: StubEditor, line: number): string => {
  const units = Array.from({ length: editor.lines[line]!.length }, () => ".");
  for (const { from, text } of editor.coloured().filter((each) => each.line === line))
    for (let i = 0; i < text.length; i++) units[from + i] = editor.lines[line]![from + i]!;
  return units.join("");
};

/** The heatmap once it rests, and what was asked for it. */
export async function asking(
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
export const unitsOf = (asked: readonly string[][]): number => asked.flat().reduce((sum, text) => sum + text.length, 0);
export const linesOf = (editor: StubEditor): number[] => [...new Set(editor.coloured().map(({ line }) => line))];
