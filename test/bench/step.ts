import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeSafetensors, type Tensors } from "../../src/backbone/safetensors.ts";
import { MersenneTwister } from "../../src/experiment/random.ts";
import { readT5Config } from "../../src/backbone/t5Config.ts";
import { t5Layout } from "../../src/backbone/t5Layout.ts";
import { adept } from "../../src/method/adept.ts";
import { writeRandomBackbone } from "./step/randomBackbone.ts";
import { BATCH, SHAPES, SPEC, type StepShape } from "./step/shapes.ts";

interface Answer { milliseconds: number; loss: number; norm: number; megabytes: number }

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

/** A process that makes one step for each line it is sent. */
class Side {
  private readonly lines: AsyncIterator<string>;
  constructor(readonly name: string, private readonly child: ChildProcess) {
    this.lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  }

  async step(): Promise<Answer> {
    this.child.stdin!.write("step\n");
    const line = await this.lines.next();
    if (line.done === true) throw new Error(`${this.name} ended before it answered`);
    return JSON.parse(line.value) as Answer;
  }

  end(): void { this.child.stdin!.end(); }
}

function writeInputs(folder: string, { vocabulary }: StepShape): void {
  const random = new MersenneTwister(11), { rows, sourceLength, targetLength } = BATCH;
  const tokens = (count: number): number[] => Array.from({ length: count }, () => 3 + Math.floor(random.uniform() * (vocabulary - 3)));
  writeFileSync(join(folder, "batch.json"), JSON.stringify({ rows, ids: tokens(rows * sourceLength), labels: tokens(rows * targetLength) }));
  const tensors: Tensors = new Map(adept.tensors({ spec: SPEC, sizes: BATCH, layout: t5Layout(readT5Config(folder, false)) }).map((t) => [t.name, {
    dims: t.sizes, data: Float32Array.from({ length: t.sizes.reduce((a, b) => a * b, 1) }, () => (random.uniform() - 0.5) / 4),
  }]));
  writeSafetensors(join(folder, "parameters.safetensors"), tensors);
}

/** Python with torch and transformers: ADEPT_PYTHON, else python3. */
function findTorch(): string | undefined {
  const python = process.env["ADEPT_PYTHON"] ?? "python3";
  return spawnSync(python, ["-c", "import torch, transformers, safetensors"], { stdio: "ignore" }).status === 0 ? python : undefined;
}

async function compare(shape: StepShape, sides: Side[]): Promise<void> {
  const times = new Map(sides.map((side) => [side, [] as number[]])), last = new Map<Side, Answer>();
  for (let round = -1; round < shape.rounds; round++) {
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      const answer = await side.step();
      last.set(side, answer);
      if (round >= 0) times.get(side)!.push(answer.milliseconds);
    }
  }
  for (const side of sides) {
    const { loss, norm, megabytes } = last.get(side)!;
    console.log(`${shape.name.padEnd(8)} ${side.name.padEnd(13)} median ${median(times.get(side)!).toFixed(1)} ms, least ${Math.min(...times.get(side)!).toFixed(1)} ms, peak ${Math.round(megabytes)} MB, loss ${loss.toPrecision(6)}, gradient norm ${norm.toPrecision(5)}`);
  }
  const [ours, theirs] = sides;
  if (!ours || !theirs) return;
  const a = last.get(ours)!, b = last.get(theirs)!;
  for (const key of ["loss", "norm"] as const) if (!(Math.abs(a[key] - b[key]) <= 1e-3 * Math.abs(b[key]))) throw new Error(`${shape.name}: the two sides do not compute the same ${key}: ${a[key]} and ${b[key]}`);
  console.log(`${shape.name.padEnd(8)} ratio (PyTorch time / ADePT Lab time): ${(median(times.get(theirs)!) / median(times.get(ours)!)).toFixed(2)}`);
}

/** The training step (loss and gradients of ADePT) of this engine and of PyTorch eager, in turn in one run. @param names shapes; none: all */
export async function benchStep(names: string[]): Promise<void> {
  const threads = String(availableParallelism()), torch = findTorch();
  console.log(`ADePT step, fp32, batch ${BATCH.rows}, input ${BATCH.sourceLength} + prompt ${BATCH.promptLength}, target ${BATCH.targetLength}, ${threads} threads a side`);
  if (torch === undefined) console.log("PyTorch side skipped: no python3 with torch, transformers and safetensors (or name one in ADEPT_PYTHON).");
  for (const shape of SHAPES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const folder = mkdtempSync(join(tmpdir(), "adept-bench-"));
    const sides: Side[] = [];
    const start = (name: string, command: string, args: string[]): void => {
      sides.push(new Side(name, spawn(command, [...args, folder, threads], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, TRANSFORMERS_VERBOSITY: "error", HF_HUB_DISABLE_PROGRESS_BARS: "1" } })));
    };
    try {
      writeRandomBackbone(folder, shape);
      writeInputs(folder, shape);
      start("ADePT Lab", process.execPath, ["--import", "tsx", join(import.meta.dirname, "step/engineSide.ts")]);
      if (torch !== undefined) start("PyTorch eager", torch, [join(import.meta.dirname, "step/torch_side.py")]);
      await compare(shape, sides);
    } finally {
      for (const side of sides) side.end();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
