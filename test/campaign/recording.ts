import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { FileOperation } from "./diskModel.ts";
import { CLI, ended, env, until, Workspace, type Variant } from "./workspace.ts";

const RECORDER = pathToFileURL(join(import.meta.dirname, "recordFiles.mjs")).href;
const HOST = resolve(import.meta.dirname, "../../dist/host.cjs");

/**
 * The file operations of a few commands on a project. `place`: the project at the end; `base`: a copy of it from
 * before; `runs`: its folder of runs.
 */
export interface Recording {
  name: string;
  variant: Variant;
  operations: FileOperation[];
  place: Workspace;
  base: string;
  runs: string;
  remove: () => void;
}

/** What a window does with a run that has ended: adds a note, writes the index, deletes the run and restores it. */
const WINDOW_ACTS = `
const host = require(process.argv[1]), [, , runsDir, folder] = process.argv, [run] = host.listRuns(runsDir);
host.annotateRun(run.path, { note: "the best so far", starred: true });
host.writeIndex(runsDir, [[run.id, host.readRecord(run.path)]]);
host.deleteRuns(runsDir, [run.id], folder).then(() => host.restoreRuns(runsDir, [run.id], folder)).then(() => { host.annotateRun(run.path, { note: "back" }); });
`;

/** What another window does with a run that is at work: adds a note, which goes into the run's inbox. */
const NOTE_BESIDE = `
const host = require(process.argv[1]), runsDir = process.argv[2];
const look = setInterval(() => {
  const [run] = host.listRuns(runsDir), status = run?.record().status;
  if (status === "finished") throw new Error("the run has ended before its note");
  if (status !== "running" || !run.isWorkerAlive()) return;
  clearInterval(look);
  host.annotateRun(run.path, { note: "beside" });
}, 2);
`;

/**
 * Two ways to a finished run: directly, and through the queue. In the second the folder of runs does not exist before,
 * one window adds a note while the run is at work, and another then works on the run.
 */
export const SCENARIOS = ["train", "queue"] as const;

export async function record(scenario: (typeof SCENARIOS)[number], variant: Variant): Promise<Recording> {
  const place = Workspace.make(variant);
  const base = mkdtempSync(join(tmpdir(), "adept-before-"));
  const log = join(base, "log");
  const runs = scenario === "train" ? ".adept/runs" : "results/of/mine/runs";
  const runsDir = join(place.folder, runs);
  cpSync(place.folder, join(base, "project"), { recursive: true, preserveTimestamps: true });
  writeFileSync(log, "");
  const recorded = async (...args: string[]): Promise<void> => {
    const child = spawn(process.execPath, args, {
      cwd: place.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...env, ADEPT_RECORD: log, ADEPT_RECORD_ROOT: place.folder, NODE_OPTIONS: `--import ${RECORDER}` },
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await ended(child);
    if (child.exitCode !== 0) throw new Error(`${args.join(" ")}: ${said}`);
  };
  const beside = scenario === "queue" ? recorded("-e", NOTE_BESIDE, HOST, runsDir) : undefined;
  await recorded(
    CLI,
    "train",
    "words.adept.json",
    "--json",
    ...(scenario === "train" ? [] : ["--queue", "--runs-dir", runs]),
  );
  await beside;
  if (scenario === "queue") await recorded("-e", WINDOW_ACTS, HOST, runsDir, place.folder);
  await until(() => place.processes().length === 0);
  const operations = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as FileOperation);
  return {
    name: `${scenario} ${variant}`,
    variant,
    operations,
    place,
    base,
    runs,
    remove: () => {
      place.remove();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
