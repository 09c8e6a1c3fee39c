import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import type { OpenedRun } from "../../src/protocol/heatmapQuestions.ts";
import type { Run } from "../../src/ui/runs/runsModel.ts";
import type * as Parts from "../host/hostParts.ts";
import { loadParts } from "../host/loadParts.ts";
import { StubEditor } from "../host/stubEditor.ts";
import type { AddRow } from "./report/benchRow.ts";
import { toldRow, type Row } from "./report/toldRow.ts";

const DIST = join(import.meta.dirname, "../../dist");
const MEGABYTES = 10;
const SCREEN = 60;
const SCROLLS = 200;
const BASE_ROWS = 32_128;
const BASE_WIDTH = 768;
const WORDS =
  "the meeting about paper and stone was moved to Tuesday because Ms Okonkwo's flight (LH-4711) is late; please confirm by mail".split(
    " ",
  );
const middle = (values: readonly number[], share = 0.5): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const spread = (values: readonly number[]): string => `${ms(middle(values))}, 95 % ${ms(middle(values, 0.95))}`;
const rest = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

interface Case {
  name: string;
  file: string;
  lines: string[];
  visible: [number, number];
}
interface Bench {
  parts: typeof Parts;
  worker: TokenWorker;
  run: Run;
  opened: OpenedRun;
  failures: unknown[];
  row: Row;
}

/** Lines of MEGABYTES in all, of words that the embedded tokenizer splits like those of mail. */
function filled(line: (text: string, index: number) => string, wordsOf: (index: number) => number): string[] {
  const made: string[] = [];
  for (let size = 0, i = 0; size < MEGABYTES * 1e6; i++) {
    const own = line(Array.from({ length: wordsOf(i) }, (_, j) => WORDS[(i * 7 + j * j) % WORDS.length]).join(" "), i);
    made.push(own);
    size += own.length + 1;
  }
  return made;
}

function cases(): Case[] {
  const json = (text: string, i: number): string => JSON.stringify({ id: i, text, label: i % 2 === 0 ? "yes" : "no" });
  const mails = filled(json, (i) => 30 + ((i * 17) % 60));
  const table = [
    "id,text,label",
    ...filled(
      (text, i) => `${i},${i === 5 ? '"' : ""}${text},yes`,
      () => 16,
    ),
  ];
  return [
    { name: "JSONL", file: "/d/data.jsonl", lines: mails, visible: [5000, 5000 + SCREEN] },
    {
      name: "JSONL, rows of 12 kB",
      file: "/d/articles.jsonl",
      lines: filled(json, () => 2200),
      visible: [400, 400 + SCREEN],
    },
    {
      name: "JSONL, rows of 100 kB",
      file: "/d/books.jsonl",
      lines: filled(json, () => 18_300),
      visible: [20, 20 + SCREEN],
    },
    {
      name: "CSV with a stray quote in line 7",
      file: "/d/table.csv",
      lines: table,
      visible: [50_000, 50_000 + SCREEN],
    },
  ];
}

/**
 * The longest time at one go that the host is busy: processor time between two beats, so that other programs do not
 * count.
 */
class Busy {
  private longest = 0;
  private last = process.cpuUsage();
  private readonly beat = setInterval(() => {
    const { user, system } = process.cpuUsage(this.last);
    this.last = process.cpuUsage();
    this.longest = Math.max(this.longest, (user + system) / 1000);
  }, 1);

  since(): number {
    const { longest } = this;
    this.longest = 0;
    return longest;
  }
  end(): void {
    clearInterval(this.beat);
  }
}

/** A heatmap over the lines of a case. @returns it with its editor, and a paint that ends with what is painted */
function openHeatmap(
  { file, lines, visible }: Case,
  { parts: { EditorHeatmap, HeatmapDecorations }, worker, run, opened, failures }: Bench,
) {
  const editor = new StubEditor(lines, file, visible);
  let painted: () => void = () => {
    /* set below */
  };
  const heatmap = new EditorHeatmap(
    editor.asEditor(),
    { run, opened, measure: "norm" },
    {
      worker,
      decorations: new HeatmapDecorations(),
      scale: (own) => opened.measures[own]!,
      failed: (error) => failures.push(error),
      outdated: () => failures.push("outdated"),
      painted: () => {
        painted();
      },
    },
  );
  const paint = (): Promise<number> =>
    new Promise((done) => {
      const from = performance.now();
      painted = () => {
        painted = () => {
          /* once */
        };
        done(performance.now() - from);
      };
      heatmap.refresh(0);
    });
  return { editor, heatmap, paint };
}

/** Jumps to other places of the file. @returns milliseconds to each first paint, and the host's longest turn of each */
async function scroll(
  { editor, paint }: Pick<ReturnType<typeof openHeatmap>, "editor" | "paint">,
  lines: number,
  busy: Busy,
): Promise<{ paints: number[]; blocked: number[] }> {
  const paints: number[] = [];
  const blocked: number[] = [];
  for (let i = 0; i < SCROLLS; i++) {
    const at = 1 + ((i * 7919) % Math.max(1, lines - SCREEN - 1));
    editor.visible = [at, at + SCREEN];
    busy.since();
    paints.push(await paint());
    await rest(20);
    blocked.push(busy.since());
  }
  return { paints, blocked };
}

async function measure(measured: Case, bench: Bench): Promise<void> {
  const { name, lines } = measured;
  const {
    parts: { vscode },
    row,
  } = bench;
  const { editor, heatmap, paint } = openHeatmap(measured, bench);
  const busy = new Busy();
  const first = await paint();
  const ranges = editor.coloured().length;
  await rest(600);
  const inSight = (): number =>
    new Set(
      editor
        .coloured()
        .map(({ line }) => line)
        .filter((line) => line >= editor.visible[0] && line <= editor.visible[1]),
    ).size;
  const seen = inSight();
  const opening = busy.since();
  const { paints, blocked } = await scroll({ editor, paint }, lines.length, busy);
  busy.end();
  const edits = Array.from({ length: 50 }, () => {
    const from = performance.now();
    heatmap.edited([{ range: new vscode.Range(editor.visible[0], 0, editor.visible[0], 1) } as never]);
    return performance.now() - from;
  });
  row(`${name}: first paint, worker warm (${ranges} ranges)`, first, "< 200 ms");
  row("lines in sight coloured, at rest", `${seen} of ${SCREEN + 1}`, "all");
  row(`${SCROLLS} jumps to other places: first paint`, spread(paints), "< 200 ms");
  row(
    "the host busy at one go: as it opens; while scrolling, longest of each jump",
    `${ms(opening)}; ${spread(blocked)}`,
    "< 50 ms",
  );
  row("an edit painted from what is known", middle(edits));
  heatmap.clear();
  await rest(100);
}

/**
 * npm run bench heatmap: an offset heatmap over files of 10 MB, of short and long rows and with a quote too many, with
 * the project's bounds beside.
 */
export async function benchHeatmap(_: string[], add: AddRow): Promise<void> {
  const row = toldRow("heatmap", add);
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-heatmap-"));
  const failures: unknown[] = [];
  const worker = new TokenWorker({
    workerPath: join(DIST, "worker.js"),
    nodePath: process.execPath,
    onLog: (line) => failures.push(line),
  });
  try {
    const all = cases();
    writeFileSync(join(folder, "data.jsonl"), all[0]!.lines.slice(0, 60).join("\n"));
    writeFileSync(
      join(folder, "w.adept.json"),
      JSON.stringify({
        name: "w",
        git: false,
        task: { kind: "file", train: "data.jsonl", source: "text: {text}", target: "{label}" },
        method: { kind: "adept", promptLength: 4, bottleneck: 39 },
        training: { steps: 4, batchSize: 8, maxSourceLength: 256, warmup: 1 },
        engine: { threads: 1 },
      }),
    );
    execFileSync(process.execPath, [join(DIST, "cli.js"), "train", "w.adept.json"], { cwd: folder, stdio: "pipe" });
    const path = join(folder, ".adept/runs", readdirSync(join(folder, ".adept/runs"))[0]!);
    const parts = await loadParts();
    const run = { id: "r", directory: { path } } as unknown as Run;
    const cold = performance.now();
    const opened = await worker.open(path);
    row("worker started, a run's table made", performance.now() - cold);
    for (const each of all) await measure(each, { parts, worker, run, opened, failures, row });
    globalThis.gc?.();
    row(
      "host's heap after it",
      `${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB, ${(all.flatMap(({ lines }) => lines).reduce((sum, line) => sum + line.length, 0) / 2 ** 20).toFixed(0)} of it the texts`,
    );
    row("worker's resident memory", `${memoryOf(worker.pid!).toFixed(0)} MiB`);
    row(
      "bytes the worker keeps of a vocabulary of T5-base (calculated)",
      `${((BASE_ROWS * (4 + 4 + 4 + 4 + 2)) / 2 ** 20).toFixed(1)} MiB, of an embedding of ${((BASE_ROWS * BASE_WIDTH * 4) / 2 ** 20).toFixed(0)}`,
    );
    if (failures.length > 0) console.log(failures);
  } finally {
    worker.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
