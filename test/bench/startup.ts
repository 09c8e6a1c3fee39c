import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { firstStep } from "./sides/firstStep.ts";
import { lacking, peerName, startPeer } from "./sides/peers.ts";
import { randomBatch, SideFolder, TINY } from "./sides/sideFolder.ts";

const DIST = join(import.meta.dirname, "../../dist");
const CLI = join(DIST, "cli.js");
const timed = async (work: () => Promise<void>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** A command's answer, from the start of its process to its end. */
function answered(args: readonly string[], cwd: string): number {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`adept ${args.join(" ")} ended with ${String(status)}: ${stderr}`);
  return performance.now() - from;
}

/** The extension's entry under a stand-in for VS Code, in a fresh process: loading, and activate(). */
function activation(): { load: number; activate: number } {
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "sides/activation.ts")],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the extension did not start: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as { load: number; activate: number };
}

/** A task of 64 short texts and an experiment of one step. */
function writeExperiment(folder: string): void {
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 64 }, (_, i) =>
      JSON.stringify({ text: `word ${i} and more of them`.repeat(1 + (i % 3)), label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "x.adept.json"),
    JSON.stringify({
      name: "x",
      git: false,
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 20, bottleneck: 39 },
      training: { steps: 1, batchSize: 16, warmup: 0 },
      engine: { device: "cpu" },
    }),
  );
}

/** adept train from the start of its process to the first step, beside PyTorch's imports, weights and a step. */
async function benchFirstStep(
  folder: string,
  sides: SideFolder,
  { rounds, add }: { rounds: number; add: AddRow },
): Promise<void> {
  const why = lacking("eager");
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const { ms: ours } = await firstStep(folder);
    const peer =
      why === undefined
        ? await timed(async () => {
            const side = startPeer("eager", sides.path);
            try {
              await side.ask({ call: "step", batch: 0 });
            } finally {
              side.end();
            }
          })
        : undefined;
    if (round < 0) continue;
    own.push(ours);
    if (peer !== undefined) theirs.push(peer);
  }
  add({
    bench: "startup",
    case: "adept train, tiny-t5: from the start of the process to the first step",
    unit: "ms",
    ours: figures(own),
    ...(why === undefined
      ? {
          peer: { name: `${peerName("eager")}, imports and weights and a step`, figures: figures(theirs) },
          ratio: interval(speedRatio(own, theirs)),
        }
      : { note: why }),
  });
}

/**
 * npm run bench startup [--rounds N]: from the start of a process to its answer, and to a training's first step, beside
 * PyTorch's.
 */
export async function benchStartup(args: string[], add: AddRow): Promise<void> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "7" } } });
  const rounds = Number(values.rounds);
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-startup-"));
  const sides = new SideFolder(TINY, [randomBatch(8000, { rows: 16, sourceLength: 32, targetLength: 2 })]);
  try {
    for (const command of [["--help"], ["runs", "list", "--json"]]) {
      answered(command, folder);
      add({
        bench: "startup",
        case: `adept ${command.join(" ")}`,
        unit: "ms",
        ours: figures(Array.from({ length: rounds }, () => answered(command, folder))),
      });
    }
    const starts = Array.from({ length: rounds }, activation);
    add({
      bench: "startup",
      case: "the extension's code loaded (stand-in for VS Code)",
      unit: "ms",
      ours: figures(starts.map(({ load }) => load)),
    });
    add({ bench: "startup", case: "activate()", unit: "ms", ours: figures(starts.map(({ activate }) => activate)) });
    writeExperiment(folder);
    await benchFirstStep(folder, sides, { rounds, add });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    sides.remove();
  }
}
