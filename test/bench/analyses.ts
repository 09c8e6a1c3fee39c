import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { ANALYSES } from "../../src/analysis/analyses.ts";
import { openSubject } from "../../src/analysis/subject/openSubject.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import type { AddRow } from "./report/benchRow.ts";
import { figures } from "./report/figures.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const NAMES = ["position-shift", "ablation", "offsets"] as const;
const EXPERIMENT = {
  name: "bench",
  task: { kind: "mail", split: { validation: 0.05, test: 0.2, seed: 42 } },
  method: { kind: "adept" },
  git: false,
  training: {
    steps: 200,
    maxSourceLength: 96,
    maxTargetLength: 4,
    selection: "loss",
    evaluateEvery: 200,
    validationLimit: 100,
    testLimit: 1000,
  },
};

/** Seconds spent inside onnxruntime, from now on. */
function engineClock(): () => number {
  let seconds = 0;
  const { prototype } = InferenceSession as unknown as { prototype: { run: (...args: unknown[]) => Promise<unknown> } };
  const { run } = prototype;
  prototype.run = async function (...args) {
    const from = performance.now();
    try {
      return await run.apply(this, args);
    } finally {
      seconds += (performance.now() - from) / 1000;
    }
  };
  return () => seconds;
}

/**
 * npm run bench analyses [EXAMPLES]: ablation, offsets and position shift of a run trained for 200 steps, and where the
 * time goes.
 */
export async function benchAnalyses([examples = "1000"]: string[], add: AddRow): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-"));
  try {
    writeFileSync(join(folder, "x.adept.json"), JSON.stringify(EXPERIMENT));
    execFileSync(process.execPath, [CLI, "train", "x.adept.json"], { cwd: folder, stdio: "ignore" });
    const run = RunDirectory.open(join(folder, ".adept/runs", readdirSync(join(folder, ".adept/runs"))[0]!));
    const engine = engineClock();
    const began = performance.now();
    const subject = await openSubject(run.experiment(), run.adapterPath, Number(examples));
    const rows = [["open: tasks, tokens, model", (performance.now() - began) / 1000, engine()]] as [
      string,
      number,
      number,
    ][];
    for (const name of NAMES) {
      const [from, before] = [performance.now(), engine()];
      await ANALYSES[name](subject, () => undefined);
      rows.push([name, (performance.now() - from) / 1000, engine() - before]);
    }
    await subject.release();
    const {
      test,
      experiment: { training },
    } = subject;
    for (const [name, seconds, inside] of [...rows, ["all", (performance.now() - began) / 1000, engine()] as const])
      add({
        bench: "analyses",
        case: `${name}, ${test.length} test examples of ${training.maxSourceLength} tokens at most`,
        unit: "s",
        ours: figures([seconds]),
        note: `${inside.toFixed(1)} s of these in the engine`,
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
