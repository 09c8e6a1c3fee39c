import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import type { RunEvent } from "../../src/record/events.ts";

/** A run of a sweep as a worker would have left it. */
export interface SweepPoint {
  id: string;
  method: "adept" | "pt";
  seed: number;
  rate: number;
  batchSize: number;
  optimizer: "torch" | "official";
  /** The accuracy on validation at the chosen checkpoint. */
  validation: number;
  test: number;
}

const PER_STEP = { learningRate: { prompt: 0.1 }, gradientNorm: { prompt: 1 }, updateRatio: { prompt: 0.01 } };

/** Points of a sweep whose results follow from their settings: the rate matters most, the optimiser not at all. */
export function sweepPoints(count: number): SweepPoint[] {
  return Array.from({ length: count }, (_, i) => {
    const rate = Number((10 ** (-4 + (i % 7) / 2)).toPrecision(3));
    const batchSize = [8, 16, 32][Math.floor(i / 7) % 3]!;
    const optimizer = i % 2 === 0 ? "torch" : "official";
    const method = Math.floor(i / 42) % 2 === 0 ? "adept" : "pt";
    const seed = Math.floor(i / 84);
    const validation = Number(
      (
        0.8 -
        0.06 * Math.abs(Math.log10(rate) + 2.5) +
        (batchSize === 16 ? 0.02 : 0) -
        (method === "pt" ? 0.04 : 0) +
        0.001 * ((i * 37) % 11)
      ).toFixed(4),
    );
    const id = `20260301-${String(i).padStart(6, "0")}-aaaa`;
    return { id, method, seed, rate, batchSize, optimizer, validation, test: Number((1 - validation).toFixed(4)) };
  });
}

function eventsOf({ id, method, seed, validation, test }: SweepPoint, name: string, steps: number): RunEvent[] {
  const start = Date.UTC(2026, 2, 1) + Number(id.slice(9, 15)) * 60_000;
  const evaluation = (step: number, split: "validation" | "test", accuracy: number): RunEvent => ({
    type: "evaluation",
    time: start + 100 * step,
    step,
    split,
    loss: 1 - accuracy,
    metrics: { accuracy },
    examples: 100,
  });
  const best = Math.floor(steps / 2);
  return [
    {
      type: "created",
      time: start,
      version: 1,
      id,
      name,
      method,
      task: "mail",
      backbone: "tiny-t5",
      seed,
      steps,
      sweep: "sweep",
      experiment: "A sweep",
      variant: name,
    },
    { type: "status", time: start, status: "running", pid: 1 },
    ...Array.from({ length: steps }, (_, i): RunEvent => ({
      type: "step",
      time: start + 100 * (i + 1),
      step: i + 1,
      loss: 2 * Math.exp(-(i + 1) / 20) + 1 - validation + 0.05 * Math.sin(i),
      ...PER_STEP,
      tokensPerSecond: 1000,
      secondsLeft: 0.1 * (steps - i - 1),
    })),
    evaluation(best, "validation", validation),
    { type: "checkpoint", time: start + 100 * best, step: best, best: true },
    evaluation(steps, "validation", validation - 0.1),
    evaluation(steps, "test", test),
    { type: "status", time: start + 100 * steps + 50, status: "finished" },
  ];
}

/** Writes the runs of a sweep into a folder of runs. @returns them, in the order of their ids */
export function writeSweep(runsDir: string, count: number, steps: number): SweepPoint[] {
  const points = sweepPoints(count);
  for (const [index, point] of points.entries()) {
    const { id, method, seed, rate, batchSize, optimizer } = point;
    const name = `A sweep (${method}, rate=${rate}, batch=${batchSize}, ${optimizer}, seed=${seed})`;
    const experiment = ResolvedExperiment.parse({
      name,
      seed,
      task: { kind: "mail" },
      method: { kind: method },
      training: { learningRate: { prompt: rate }, batchSize, optimizer, steps },
      part: { sweep: "sweep", index, of: count, tune: [] },
    });
    const path = join(runsDir, id);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "experiment.json"), JSON.stringify(experiment));
    writeFileSync(
      join(path, "events.jsonl"),
      eventsOf(point, name, steps)
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(""),
    );
  }
  return points;
}
