import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import type { Run } from "../../src/ui/runsModel.ts";
import { loadParts } from "../host/loadParts.ts";
import { StubEditor } from "../host/stubEditor.ts";

const DIST = join(import.meta.dirname, "../../dist"), MEGABYTES = 10, SCREEN = 60, SCROLLS = 200, BASE_ROWS = 32_128, BASE_WIDTH = 768;
const middle = (values: readonly number[], share = 0.5): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
const row = (...cells: readonly string[]): void => { console.log(`| ${cells.join(" | ")} |`); };
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** A data file of so many megabytes, of words that the embedded tokenizer cuts as it would cut mail. */
function lines(): string[] {
  const words = "the meeting about paper and stone was moved to Tuesday because Ms Okonkwo's flight (LH-4711) is late; please confirm by mail".split(" "), made: string[] = [];
  for (let size = 0, i = 0; size < MEGABYTES * 1e6; i++) {
    const text = Array.from({ length: 30 + ((i * 17) % 60) }, (_, j) => words[(i * 7 + j * j) % words.length]).join(" "), line = JSON.stringify({ id: i, text, label: i % 2 === 0 ? "yes" : "no" });
    made.push(line);
    size += line.length + 1;
  }
  return made;
}

/** npm run bench heatmap: an offset heatmap over a 10 MB JSONL file, with the project's bounds beside. */
export async function benchHeatmap(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-heatmap-"));
  const failures: unknown[] = [], worker = new TokenWorker({ workerPath: join(DIST, "worker.js"), nodePath: process.execPath, told: (line) => failures.push(line) });
  try {
    const all = lines();
    writeFileSync(join(folder, "data.jsonl"), all.slice(0, 60).join("\n"));
    writeFileSync(join(folder, "w.adept.json"), JSON.stringify({ name: "w", git: false, task: { kind: "file", train: "data.jsonl", source: "text: {text}", target: "{label}" }, method: { kind: "adept", promptLength: 4, bottleneck: 39 }, training: { steps: 4, batchSize: 8, maxSourceLength: 256, warmup: 1 }, engine: { threads: 1 } }));
    execFileSync(process.execPath, [join(DIST, "cli.js"), "train", "w.adept.json"], { cwd: folder, stdio: "pipe" });
    const path = join(folder, ".adept/runs", readdirSync(join(folder, ".adept/runs"))[0]!), { EditorHeatmap, HeatmapColours, vscode } = await loadParts();
    console.log("| what | measured | wanted |\n|---|---:|---:|");
    const cold = performance.now(), opened = await worker.open(path);
    row("worker started, a run's table made", ms(performance.now() - cold), "");
    const editor = new StubEditor(all, "/d/data.jsonl", [5000, 5000 + SCREEN]), run = { id: "r", directory: { path } } as unknown as Run;
    let painted: () => void = () => { /* set below */ }, busy = 0;
    const heatmap = new EditorHeatmap(editor.asEditor(), { run, opened, measure: "norm" }, { worker, colours: new HeatmapColours(), scale: (measure) => opened.measures[measure]!, failed: (error) => failures.push(error), outdated: () => failures.push("outdated"), painted: () => { painted(); } });
    const paint = (work: () => void): Promise<number> => new Promise((done) => { const from = performance.now(); painted = () => { painted = () => { /* once */ }; done(performance.now() - from); }; work(); });
    const first = await paint(() => { heatmap.refresh(0); });
    row(`first paint over ${MEGABYTES} MB, worker warm (${editor.coloured().length} ranges)`, ms(first), "< 200 ms");
    await new Promise((done) => setTimeout(done, 300));
    const paints: number[] = [], blocked: number[] = [];
    // How long the host is busy at one go: the event loop's own delay while it scrolls.
    let last = performance.now();
    const beat = setInterval(() => { const now = performance.now(); busy = Math.max(busy, now - last - 1); last = now; }, 1);
    for (let i = 0; i < SCROLLS; i++) {
      const at = (i * 7919) % (all.length - SCREEN);
      editor.visible = [at, at + SCREEN];
      busy = 0;
      paints.push(await paint(() => { heatmap.refresh(0); }));
      await new Promise((done) => setTimeout(done, 20));
      blocked.push(busy);
    }
    clearInterval(beat);
    row(`${SCROLLS} jumps to other places: first paint`, `${ms(middle(paints))}, 95 % ${ms(middle(paints, 0.95))}`, "< 200 ms");
    row("the host busy at one go while scrolling, longest of each jump", `${ms(middle(blocked))}, 95 % ${ms(middle(blocked, 0.95))}`, "");
    const edits = Array.from({ length: 50 }, () => { const from = performance.now(); heatmap.edited([{ range: new vscode.Range(editor.visible[0], 0, editor.visible[0], 1) } as never]); return performance.now() - from; });
    row("an edit painted from what is known", ms(middle(edits)), "");
    globalThis.gc?.();
    row("host's heap after it", `${(process.memoryUsage().heapUsed / 2 ** 20 - 0).toFixed(0)} MiB, ${(all.reduce((sum, line) => sum + line.length, 0) / 2 ** 20).toFixed(0)} of it the text`, "");
    row("worker's resident memory", `${memoryOf(worker.pid!).toFixed(0)} MiB`, "");
    row("bytes the worker keeps of a vocabulary of T5-base (calculated)", `${((BASE_ROWS * (4 + 4 + 4 + 4 + 2)) / 2 ** 20).toFixed(1)} MiB, of an embedding of ${((BASE_ROWS * BASE_WIDTH * 4) / 2 ** 20).toFixed(0)}`, "");
    if (failures.length > 0) console.log(failures);
  } finally { worker.dispose(); rmSync(folder, { recursive: true, force: true }); }
}
