import type { Page } from "playwright-core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal } from "../../src/run/journal/journal.ts";
import { readRecord } from "../../src/run/journal/readJournal.ts";
import type { HostMessage } from "../../src/protocol/hostToPage.ts";
import { loadParts } from "../host/loadParts.ts";
import { writeRun, writeRuns } from "../host/manyRuns.ts";
import { PageHost } from "../webview/pageHost.ts";
import type { AddRow } from "./report/benchRow.ts";
import { toldRow, type Row } from "./report/toldRow.ts";
import { benchSweep } from "./uiSweep.ts";

const RUNS = 1000;
const STEPS = 300;
const ROUNDS = 11;
const CELLS = { rows: 50, columns: 100 };
const POINTS = 20_000;
const LONG = 10_000;
const log = {
  info: () => undefined,
  error: (error: unknown): void => {
    throw error;
  },
};
const memento = { get: () => undefined, update: () => Promise.resolve(), keys: () => [] };
const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const timed = (work: () => void): number => {
  const from = performance.now();
  work();
  return performance.now() - from;
};

/** npm run bench ui: what the list and the page cost, with the project's bounds beside. */
export async function benchUi(_: string[], add: AddRow): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-ui-"));
  const runsDir = join(folder, ".adept/runs");
  const row = toldRow("ui", add);
  try {
    writeRuns(runsDir, RUNS, STEPS);
    await benchList(folder, runsDir, row);
    await benchPage(runsDir, row);
    await benchMemory(folder, runsDir, row);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Parts = Awaited<ReturnType<typeof loadParts>>;

/** A live run among them: what one event of its journal repaints, and how long that takes. */
function benchLiveRun(
  { model, explorer }: { model: InstanceType<Parts["RunsModel"]>; explorer: InstanceType<Parts["RunExplorer"]> },
  runsDir: string,
  row: Row,
): void {
  const live = writeRun(runsDir, "20270101-000000-live", { steps: 10, finished: false });
  live.acquireLease(process.pid);
  model.refresh();
  for (const node of explorer.getChildren()) {
    explorer.getTreeItem(node);
    for (const child of explorer.getChildren(node)) explorer.getTreeItem(child);
  }
  let rows = 0;
  explorer.onDidChangeTreeData((nodes) => {
    rows = nodes?.length ?? RUNS;
  });
  const journal = new Journal(live.path);
  const times = Array.from({ length: ROUNDS }, (_, i) => {
    journal.append({
      type: "step",
      step: 11 + i,
      loss: 1,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 1,
      secondsLeft: 1,
    });
    return timed(() => {
      model.refresh();
    });
  });
  journal.close();
  row("one event among them: rows repainted", String(rows), "1");
  row("one event among them", middle(times));
  row(
    "one record of 300 steps, alone",
    middle(
      Array.from({ length: ROUNDS }, () =>
        timed(() => {
          readRecord(live.path);
        }),
      ),
    ),
  );
}

async function benchList(folder: string, runsDir: string, row: Row): Promise<void> {
  const { Folders, RunsModel, RunExplorer, host, vscode } = await loadParts();
  vscode.workspace.workspaceFolders = [{ uri: { fsPath: folder, toString: () => folder }, name: "f", index: 0 }];
  host();
  const list = (): {
    seconds: number;
    model: InstanceType<typeof RunsModel>;
    explorer: InstanceType<typeof RunExplorer>;
  } => {
    const model = new RunsModel(log as never, memento as never, new Folders(memento as never));
    const explorer = new RunExplorer(model, memento as never);
    const seconds = timed(() => {
      model.adopt();
      for (const node of explorer.getChildren()) {
        explorer.getTreeItem(node);
        for (const child of explorer.getChildren(node)) explorer.getTreeItem(child);
      }
    });
    return { seconds, model, explorer };
  };
  const cold = list();
  await new Promise((done) => setTimeout(done, 2300));
  const warm = list();
  row(`${RUNS} runs of ${STEPS} steps listed, no index yet`, cold.seconds);
  row(`${RUNS} runs listed`, warm.seconds, "< 300 ms");
  benchLiveRun(warm, runsDir, row);
  for (const each of [cold, warm]) {
    each.model.dispose();
    each.explorer.dispose();
  }
}

/** Posts a message to the page. @returns milliseconds until all of it is made into figures, laid out and painted */
/**
 * Posts a message and tells the ms until all is painted. The message lies in the page as text before the clock starts
 * and is parsed while it runs: an extension's message arrives so, and what the debugger does to bring it, with the
 * garbage of that, is not the page's time.
 */
const paintOf =
  (page: Page) =>
  async (message: HostMessage, ready: string): Promise<number> => {
    await page.evaluate((text) => {
      Object.assign(window, { posted: text });
    }, JSON.stringify(message));
    await page.requestGC();
    return page.evaluate(async (selector) => {
      const from = performance.now();
      const data: unknown = JSON.parse((window as unknown as { posted: string }).posted);
      window.dispatchEvent(new MessageEvent("message", { data }));
      await new Promise((done) => {
        requestAnimationFrame(() => {
          requestAnimationFrame(done);
        });
      });
      if (document.querySelector(selector) === null) throw new Error(`no ${selector}`);
      return performance.now() - from;
    }, ready);
  };

/** The offsets of CELLS tokens, as the host sends them. */
function offsetsMessage(): HostMessage {
  const examples = Array.from({ length: CELLS.rows }, (_, row) => ({
    target: "ham",
    pieces: Array.from({ length: CELLS.columns }, (__, i) => `t${i}`),
    norm: Array.from({ length: CELLS.columns }, (__, i) => ((row * 31 + i * 17) % 97) / 10),
  }));
  const size = {
    tokens: 1,
    meanAbs: 1,
    sdOfDimensions: 1,
    meanL2: 1,
    sdL2: 1,
    embeddingMeanAbs: 1,
    embeddingSdOfDimensions: 1,
    embeddingMeanL2: 1,
    meanRatio: 1,
    ratioOfMeans: 1,
  };
  const analysis = {
    name: "offsets" as const,
    applies: true,
    ready: true,
    status: "finished" as const,
    label: "",
    done: 1,
    total: 1,
    forecast: undefined,
    examples: 1,
  };
  const result = {
    official: size,
    valid: size,
    specificity: 1,
    tokens: [],
    vocabulary: undefined,
    places: undefined,
    geometry: undefined,
    units: undefined,
    prompt: undefined,
    examples,
  };
  return { type: "analysis", analysis, result };
}

/** The offsets tab: a heatmap painted, painted again, and hovered over. */
async function benchOffsets(page: Page, row: Row): Promise<void> {
  const paint = paintOf(page);
  const message = offsetsMessage();
  row(
    `heatmap of ${CELLS.rows * CELLS.columns} cells and the rest of its tab, first paint`,
    await paint(message, ".heatmap canvas"),
    "< 100 ms",
  );
  const again = [];
  for (let i = 0; i < ROUNDS; i++) again.push(await paint(message, ".heatmap canvas"));
  row("the same anew", middle(again), "< 100 ms");
  const hover = await page.locator(".heatmap canvas").evaluate((canvas) => {
    const box = canvas.getBoundingClientRect();
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const from = performance.now();
      canvas.dispatchEvent(
        new PointerEvent("pointermove", {
          clientX: box.left + 60 + ((i * 7) % (box.width - 80)),
          clientY: box.top + 20 + ((i * 3) % (box.height - 80)),
        }),
      );
      document.body.getBoundingClientRect();
      times.push(performance.now() - from);
    }
    return times.sort((a, b) => a - b)[190]!;
  });
  row("hover over it, 95th percentile", hover, "< 16 ms");
}

/** The training tab: all curves of a long run, and one more step. */
async function benchCurves(page: Page, runsDir: string, row: Row): Promise<void> {
  const paint = paintOf(page);
  const record = { ...readRecord(join(runsDir, "20260101-000000-aaaa")).record, steps: POINTS };
  const view = {
    record,
    live: true,
    resumable: false,
    unasked: [],
    statusText: "running",
    metric: "accuracy",
    metricName: "accuracy",
    correlation: false,
    summary: "",
    progress: 0.5,
    adapterPath: undefined,
  };
  const points = Array.from({ length: POINTS }, (_, i) => ({
    step: i + 1,
    loss: 1 + Math.sin(i / 300) / (1 + i / 5000),
    learningRate: { prompt: 0.1 },
    gradientNorm: { prompt: 1 + (i % 7) },
    updateRatio: { prompt: 0.01 },
    tokensPerSecond: 1000,
    secondsLeft: 1,
  }));
  const all = await paint({ type: "update", view, points }, ".figure canvas");
  row(`${POINTS.toLocaleString("en")} steps, all five curves of the tab, first paint`, all);
  row("of these one curve", all / 5, "< 100 ms");
  row(
    "one more step",
    middle(
      await Promise.all([]).then(async () => {
        const times: number[] = [];
        for (let i = 0; i < ROUNDS; i++)
          times.push(
            await paint({ type: "update", view, points: [{ ...points[0]!, step: POINTS + 1 + i }] }, ".figure canvas"),
          );
        return times;
      }),
    ),
  );
}

async function benchPage(runsDir: string, row: Row): Promise<void> {
  const host = await PageHost.start(runsDir);
  try {
    const { page, context } = await host.open("20260101-000000-aaaa");
    await page.locator("h1").waitFor();
    await page.locator("#tab-offsets").click();
    await benchOffsets(page, row);
    await page.locator("#tab-training").click();
    await benchCurves(page, runsDir, row);
    await context.close();
    await benchSweep(host, "20260101-000000-aaaa", paintOf, row);
  } finally {
    await host.stop();
  }
}

/** The host's own memory while a journal of 10,000 steps grows under it. */
async function benchMemory(folder: string, runsDir: string, row: Row): Promise<void> {
  const { Folders, RunsModel, vscode } = await loadParts();
  vscode.workspace.workspaceFolders = [{ uri: { fsPath: folder, toString: () => folder }, name: "f", index: 0 }];
  const run = writeRun(runsDir, "20270101-000001-long", { steps: 1, finished: false });
  const model = new RunsModel(log as never, memento as never, new Folders(memento as never));
  const journal = new Journal(run.path);
  const sizes: number[] = [];
  run.acquireLease(process.pid);
  model.adopt();
  for (let step = 2; step <= LONG; step++) {
    journal.append({
      type: "step",
      step,
      loss: 1,
      learningRate: { prompt: 0.1, ffn: 0.001 },
      gradientNorm: { prompt: 1, ffn: 1 },
      updateRatio: { prompt: 1, ffn: 1 },
      tokensPerSecond: 1,
      secondsLeft: 1,
    });
    if (step % 10 === 0) model.refresh();
    if (step % 1000 === 0) {
      globalThis.gc?.();
      sizes.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  journal.close();
  model.dispose();
  row(
    `host's heap after 1,000 and after ${LONG.toLocaleString("en")} steps`,
    `${sizes[0]!.toFixed(1)} and ${sizes.at(-1)!.toFixed(1)} MiB`,
    "flat",
  );
}
