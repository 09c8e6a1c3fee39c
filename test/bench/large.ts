import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { backboneFolder } from "../../src/backbone/backboneFolder.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { writeRandomFolder } from "./large/randomFolder.ts";
import { LARGE_SHAPES, type LargeShape } from "./large/shapes.ts";
import { lossesOf, runPath, watched } from "./large/watchedRun.ts";
import type { AddRow } from "./report/benchRow.ts";

const STEPS = "20";
const SMOLLM2 = join(import.meta.dirname, "../cache/smollm2");
const MB = 2 ** 20;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Steps from one checkpoint to the next; the worker is killed between the first and the second. */
const savedEvery = (steps: number): number => Math.max(2, Math.floor(steps / 4));

/** A workspace whose rows are longer than what a step reads of them. */
function writeWorkspace(
  workspace: string,
  { precision, text, answer }: LargeShape,
  given: { model: string; steps: number },
): void {
  const words = ["river", "stone", "light", "paper", "green", "seven", "house", "water"];
  const rows = Array.from({ length: 60 }, (_, i) => {
    const say = (count: number, by: number): string =>
      Array.from({ length: count }, (__, at) => words[(i * by + at * (at + i)) % words.length]).join(" ");
    return JSON.stringify({ text: say(3 * text, 3), label: say(3 * answer, 5) });
  });
  writeFileSync(join(workspace, "data.jsonl"), rows.join("\n"));
  writeFileSync(join(workspace, "held.jsonl"), rows.slice(0, 1).join("\n"));
  writeFileSync(
    join(workspace, "large.adept.json"),
    JSON.stringify({
      name: "large",
      backbone: given.model,
      task: { kind: "file", train: "data.jsonl", validation: "held.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 20, bottleneck: 39, promptInit: "text" },
      precision: { weights: precision, compare: false },
      training: {
        steps: given.steps,
        batchSize: 1,
        evaluateEvery: given.steps,
        checkpointEvery: savedEvery(given.steps),
        maxSourceLength: text,
        maxTargetLength: answer,
        testLimit: 1,
        warmup: 2,
      },
      engine: { device: "cpu", memory: "least", replicas: 1 },
    }),
  );
}

/**
 * Trains ADePT on a random model of the shape, kills the worker in the middle and resumes it. Steps that were made
 * before and after the kill must have the same bits.
 */
async function measured(
  shape: LargeShape,
  { place, steps }: { place: string; steps: number },
  add: AddRow,
): Promise<void> {
  const [model, workspace, cache] = ["model", "workspace", "cache"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  rmSync(workspace, { recursive: true, force: true });
  for (const each of [workspace, cache]) mkdirSync(each, { recursive: true });
  if (!existsSync(model)) {
    mkdirSync(model);
    writeRandomFolder(model, {
      config: shape.config,
      tokenizer: shape.tokenizer === "smollm2" ? SMOLLM2 : backboneFolder(shape.tokenizer),
    });
  }
  writeWorkspace(workspace, shape, { model, steps });
  const log = join(place, "log");
  const killed = await watched(workspace, ["train", "large.adept.json", "--no-git"], {
    cache,
    killAt: Math.ceil(1.5 * savedEvery(steps)),
    log,
  });
  const path = runPath(workspace)!;
  const before = lossesOf(path);
  const resumed = await watched(workspace, ["resume", "latest"], { cache, log });
  const all = lossesOf(path);
  const after = all.slice(before.length);
  if (after.at(-1)?.step !== steps) throw new Error(readFileSync(log, "utf8").slice(-2000));
  const twice = after.filter(({ step }) => before.some((each) => each.step === step));
  const isSame = twice.every(({ step, loss }) => before.find((each) => each.step === step)!.loss === loss);
  const memory = readJournal(path).events.find((event) => event.type === "memory");
  const needed = memory?.type === "memory" ? memory.needed : NaN;
  const peak = Math.max(killed.all, resumed.all);
  const anonymous = Math.max(killed.anonymous, resumed.anonymous);
  const seconds = after.slice(1).map(({ time }, i) => (time - after[i]!.time) / 1000);
  const megabytes = (value: number) => ({ median: Math.round(value / MB), least: Math.round(value / MB), n: 1 });
  add({
    bench: "large",
    case: `${shape.name}, ${shape.precision}`,
    unit: "MB",
    ours: megabytes(peak),
    peer: { name: "forecast", figures: megabytes(needed) },
    ratio: { median: needed / peak },
    note: `anonymous ${Math.round(anonymous / MB)} MB; ${median(seconds).toFixed(1)} s a step; ${twice.length} steps made again after a kill, ${isSame ? "with the same bits" : "WITH OTHER BITS"}; losses ${after.map(({ loss }) => loss.toFixed(3)).join(" ")}`,
  });
}

/** A folder for models and their narrow copies; where ADEPT_LARGE names one, it is kept and used again. */
function folderOf({ name }: LargeShape): { place: string; isKept: boolean } {
  const named = process.env["ADEPT_LARGE"];
  if (named === undefined) return { place: mkdtempSync(join(tmpdir(), "adept-large-")), isKept: false };
  const place = join(named, name.replace(/\W+/g, "-"));
  mkdirSync(place, { recursive: true });
  return { place, isKept: true };
}

/**
 * Trains on models of several billion parameters, with random weights.
 * @param args names of shapes, none: all; `--steps N`
 */
export async function benchLarge(args: string[], add: AddRow): Promise<void> {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: { steps: { type: "string", default: STEPS } },
  });
  const steps = Number(values.steps);
  for (const shape of LARGE_SHAPES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const { place, isKept } = folderOf(shape);
    try {
      await measured(shape, { place, steps }, add);
    } finally {
      if (!isKept) rmSync(place, { recursive: true, force: true });
    }
  }
}
