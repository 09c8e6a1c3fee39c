import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import { announceRun, Journal } from "../../src/run/journal/journal.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";

const experiment = (name: string, seed: number) =>
  ResolvedExperiment.parse({ name, seed, task: { kind: "mail" }, method: { kind: "adept" } });
const step = (at: number) => ({
  type: "step" as const,
  step: at,
  loss: 1 / at,
  learningRate: { prompt: 0.1, ffn: 0.001 },
  gradientNorm: { prompt: 1, ffn: 1 },
  updateRatio: { prompt: 0.01, ffn: 0.01 },
  tokensPerSecond: 1000,
  secondsLeft: 1,
  memory: 1e8,
});

/** One run's journal as a worker writes it. */
export function writeRun(
  runsDir: string,
  id: string,
  { steps, finished, name = "A run", seed = 0 }: { steps: number; finished: boolean; name?: string; seed?: number },
): RunDirectory {
  const run = RunDirectory.create(runsDir, id, experiment(name, seed));
  const journal = new Journal(run.path);
  announceRun(id, run.experiment(), journal);
  journal.append({ type: "status", status: "running", pid: process.pid });
  journal.close();
  const lines = Array.from(
    { length: steps },
    (_, i) => `${JSON.stringify({ ...step(i + 1), time: Date.now() })}\n`,
  ).join("");
  writeFileSync(run.eventsPath, lines, { flag: "a" });
  if (finished) {
    const end = new Journal(run.path);
    end.append({
      type: "evaluation",
      step: steps,
      split: "test",
      loss: 0.5,
      metrics: { accuracy: 0.8 + (seed % 10) / 100 },
      examples: 300,
    });
    end.append({ type: "status", status: "finished" });
    end.close();
  }
  return run;
}

/** The checksums of a journal's lines, which are no longer those of lines that were changed. */
export const SEALS = /,"crc":"[0-9a-f]{8}"(?=\}$)/gm;

/** Copies of one finished run's journal under as many ids: groups of ten runs of one name. */
export function writeRuns(runsDir: string, count: number, steps: number): void {
  const model = writeRun(runsDir, "20260101-000000-aaaa", { steps, finished: true });
  const text = readFileSync(model.eventsPath, "utf8");
  const settings = readFileSync(join(model.path, "experiment.json"));
  for (let i = 1; i < count; i++) {
    const id = `20260102-${String(i).padStart(6, "0")}-aaaa`;
    const path = join(runsDir, id);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "experiment.json"), settings);
    writeFileSync(
      join(path, "events.jsonl"),
      text
        .replaceAll(model.id, id)
        .replace('"name":"A run"', `"name":"Experiment ${Math.floor(i / 10)}"`)
        .replaceAll(SEALS, ""),
    );
  }
}
