import { parseArgs } from "node:util";
import { ablations } from "./analysis/ablation.ts";
import { RunDirectory } from "./run/runDirectory.ts";
import { runTraining } from "./worker/trainJob.ts";

/** One job in one process: `worker.js train RUNPATH --folder F [--resume]`; its output is the run's log.txt. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { folder: { type: "string" }, resume: { type: "boolean", default: false } } });
  const [job, path] = positionals;
  if (job !== "train" || path === undefined) { console.error("usage: worker.js train RUNPATH --folder FOLDER [--resume]"); return 2; }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => { stop.abort(); });
  return runTraining(RunDirectory.open(path), { folder: values.folder ?? process.cwd(), resume: values.resume, signal: stop.signal, ablate: ablations });
}

main().then((code) => { process.exitCode = code; }, (error: unknown) => { console.error(error); process.exitCode = 1; });
