import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadParts } from "../host/loadParts.ts";
import { writeRuns } from "../host/manyRuns.ts";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, growthExponent, speedRatio } from "./report/figures.ts";
import { lacking, peerName, THREADS } from "./sides/peers.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { shapeNamed } from "./sides/shapes.ts";
import { Side } from "./sides/side.ts";
import { randomBackbone, randomBatch, SideFolder } from "./sides/sideFolder.ts";

const TOKENS = [16, 32, 64, 128, 256];
const ROWS = [1, 2, 4, 8, 16, 32, 64];
const LAYERS = [2, 4, 8, 12];
const RUNS = [10, 100, 1000];
const STEPS_OF_RUN = 100;
interface Point {
  label: string;
  x: number;
  layers: number;
  rows: number;
  tokens: number;
}

/** Step times along one axis, and the power that they grow by. */
async function benchAxis(
  axis: string,
  points: readonly Point[],
  { rounds, add }: { rounds: number; add: AddRow },
): Promise<void> {
  const why = lacking("eager");
  const ours: { x: number; y: number }[] = [];
  const theirs: { x: number; y: number }[] = [];
  for (const { label, x, layers, rows, tokens } of points) {
    const shape = { ...shapeNamed("d=256"), layers };
    const folder = new SideFolder(randomBackbone(shape), [
      randomBatch(shape.vocabulary, { rows, sourceLength: tokens, targetLength: 4 }),
    ]);
    const sides = [Side.engine(folder.path, THREADS), ...(why === undefined ? [Side.torch(folder.path, THREADS)] : [])];
    try {
      const found = [...(await inTurn(sides, () => ({ call: "step", batch: 0 }), { rounds })).values()].map(times);
      const [own, peer] = found;
      ours.push({ x, y: figures(own!).median });
      if (peer !== undefined) theirs.push({ x, y: figures(peer).median });
      add({
        bench: "growth",
        case: `d=256, ${label}`,
        unit: "ms/step",
        ours: figures(own!),
        ...(peer !== undefined && {
          peer: { name: peerName("eager"), figures: figures(peer) },
          ratio: interval(speedRatio(own!, peer)),
        }),
      });
    } finally {
      for (const side of sides) side.end();
      folder.remove();
    }
  }
  const power = (all: readonly { x: number; y: number }[]): string => growthExponent(all).toFixed(2);
  add({
    bench: "growth",
    case: `d=256, power of ${axis}`,
    unit: "exponent",
    note: `ours ${power(ours)}${theirs.length > 0 ? `, peer ${power(theirs)}` : ""}; 1 is in proportion`,
  });
}

const log = {
  info: () => undefined,
  error: (error: unknown): void => {
    throw error;
  },
};
const memento = { get: () => undefined, update: () => Promise.resolve(), keys: () => [] };

/** Opens the list and every row of it. @returns the time it took, and how to close it */
function openList({ Folders, RunsModel, RunExplorer }: Awaited<ReturnType<typeof loadParts>>): {
  spent: number;
  close: () => void;
} {
  const from = performance.now();
  const model = new RunsModel(log as never, memento as never, new Folders(memento as never));
  const explorer = new RunExplorer(model, memento as never);
  model.adopt();
  for (const node of explorer.getChildren()) {
    explorer.getTreeItem(node);
    for (const child of explorer.getChildren(node)) explorer.getTreeItem(child);
  }
  return {
    spent: performance.now() - from,
    close: () => {
      model.dispose();
      explorer.dispose();
    },
  };
}

/** The list of runs opened by the host's own reader: with no index yet, and with one. */
async function benchRuns({ rounds, add }: { rounds: number; add: AddRow }): Promise<void> {
  const parts = await loadParts();
  const { host, vscode } = parts;
  host();
  const points: { x: number; y: number }[] = [];
  for (const count of RUNS) {
    const folder = mkdtempSync(join(tmpdir(), "adept-bench-growth-"));
    try {
      writeRuns(join(folder, ".adept/runs"), count, STEPS_OF_RUN);
      vscode.workspace.workspaceFolders = [{ uri: { fsPath: folder, toString: () => folder }, name: "f", index: 0 }];
      const open = () => openList(parts);
      const cold = open();
      // A list writes its index when it has been at rest.
      await new Promise((done) => setTimeout(done, 2300));
      cold.close();
      const warm = figures(
        Array.from({ length: rounds }, () => {
          const { spent, close } = open();
          close();
          return spent;
        }),
      );
      points.push({ x: count, y: warm.median });
      add({
        bench: "growth",
        case: `${count} runs listed`,
        unit: "ms",
        ours: warm,
        note: `${cold.spent.toFixed(1)} ms with no index yet`,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  add({
    bench: "growth",
    case: "power of runs",
    unit: "exponent",
    note: `${growthExponent(points).toFixed(2)}; 1 is in proportion`,
  });
}

/**
 * npm run bench growth [tokens|batch|layers|runs]... [--rounds N]: how a step grows with its tokens, rows and layers,
 * beside PyTorch eager, and opening the list with its runs.
 */
export async function benchGrowth(args: string[], add: AddRow): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { rounds: { type: "string", default: "7" } },
  });
  const chosen = (axis: string): boolean => positionals.length === 0 || positionals.includes(axis);
  const how = { rounds: Number(values.rounds), add };
  if (chosen("tokens"))
    await benchAxis(
      "tokens",
      TOKENS.map((tokens) => ({ label: `${tokens} tokens, batch 16`, x: tokens, layers: 4, rows: 16, tokens })),
      how,
    );
  if (chosen("batch"))
    await benchAxis(
      "rows",
      ROWS.map((rows) => ({ label: `batch ${rows}, 64 tokens`, x: rows, layers: 4, rows, tokens: 64 })),
      how,
    );
  if (chosen("layers"))
    await benchAxis(
      "layers",
      LAYERS.map((layers) => ({
        label: `${layers} + ${layers} layers, batch 16, 64 tokens`,
        x: layers,
        layers,
        rows: 16,
        tokens: 64,
      })),
      how,
    );
  if (chosen("runs")) await benchRuns(how);
}
