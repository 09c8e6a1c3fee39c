import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import * as z from "zod";
import type { SlurmRequest } from "../../experiment/executorSpec.ts";
import type { ExecutorPlace } from "../executor.ts";
import { newId } from "../newIds.ts";
import { cancelJobs } from "./cancelJobs.ts";
import type { ClusterFinding } from "./findings.ts";
import { keptRuntime } from "./runtime.ts";
import { requestOptions, workerScript } from "./script.ts";
import { slurmCommand } from "./slurmCommand.ts";
import { isOnPath } from "./onPath.ts";
import { slurmFolder } from "./slurmPlaces.ts";

/** How long (ms) the test job is waited for, and how often it is looked for. */
const PATIENCE = 5 * 60_000;
const POLL = 500;
/** Clocks that differ by more seconds make times wrong, and nothing else: leases compare none. */
const MOST_SECONDS = 60;
const QUESTION = "question.txt";
const ANSWER = "answer.json";

const Answer = z.object({
  node: z.string(),
  version: z.string(),
  glibc: z.string(),
  engine: z.string(),
  read: z.string(),
  clock: z.number(),
  scontrol: z.boolean(),
});
type Answer = z.infer<typeof Answer>;

/** The version of the C library; empty where it is another one. */
function glibc(): string {
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime ?? "";
}

/** Whether the engine's native code can be loaded; else why not. */
function engine(workerPath: string): string {
  try {
    createRequire(workerPath)("onnxruntime-node");
    return "";
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
}

/** What a worker on a node tells of it, into the folder that it was given. */
export function answerProbe(folder: string, workerPath: string): void {
  const answer: Answer = {
    node: process.env["SLURMD_NODENAME"] ?? hostname(),
    version: process.version,
    glibc: glibc(),
    engine: engine(workerPath),
    read: readFileSync(join(folder, QUESTION), "utf8"),
    clock: Date.now(),
    scontrol: isOnPath("scontrol"),
  };
  writeFileAtomic(join(folder, ANSWER), JSON.stringify(answer));
}

function findingsOf(answer: Answer, written: string, now: number): ClusterFinding[] {
  const { node, version, glibc: library, engine: trouble, read, clock, scontrol } = answer;
  const apart = Math.round(Math.abs(clock - now) / 1000);
  const what = (name: string): string => `Slurm job: ${name}`;
  return [
    { what: what("Node"), ok: true, detail: `${version} on ${node}${library === "" ? "" : `, glibc ${library}`}` },
    {
      what: what("engine"),
      ok: trouble === "",
      detail: trouble === "" ? "onnxruntime is loaded" : trouble,
      ...(trouble !== "" && { fix: "give executor.container an image with glibc 2.28 or later" }),
    },
    {
      what: what("folder"),
      ok: read === written,
      detail: read === written ? "the node sees this folder" : "the node sees another folder at this path",
    },
    { what: what("clock"), ok: apart <= MOST_SECONDS, detail: `${apart} s apart, with the time of the answer's way` },
    {
      what: what("scontrol"),
      ok: true,
      detail: scontrol
        ? "the node can requeue its own job before its time limit"
        : "missing on the node: a run at its time limit is submitted again by whoever looks at it next",
    },
  ];
}

/** The last lines that the job has printed, where it gave no answer. */
const printed = (log: string): string =>
  existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" ") : "it has not started";

/**
 * Submits a test job of a minute, and waits for what it tells of its node.
 * @throws UserError when Slurm refuses it or does not answer
 */
export async function probeCluster(place: ExecutorPlace, request: SlurmRequest): Promise<ClusterFinding[]> {
  const folder = join(slurmFolder(place.runsDir), `probe-${newId()}`);
  const log = join(folder, "log.txt");
  const written = newId();
  const workerPath = keptRuntime(place.runsDir, place.workerPath);
  makeFolder(slurmFolder(place.runsDir));
  mkdirSync(folder);
  writeFileSync(join(folder, QUESTION), written);
  const script = workerScript(request, { ...place, workerPath, words: ["probe", folder] });
  const options = ["--parsable", "--job-name=adept-probe", `--output=${log}`, `--chdir=${place.folder}`];
  const limited = requestOptions({ ...request, time: "1" });
  const told = await slurmCommand("sbatch", [...options, ...limited], { input: script });
  const job = told.trim().split(";")[0] ?? "";
  try {
    const answer = join(folder, ANSWER);
    for (const until = performance.now() + PATIENCE; !existsSync(answer);) {
      const isOver =
        performance.now() > until ||
        (await slurmCommand("squeue", ["--me", "-h", "-o", "%i"])).split("\n").every((id) => id.trim() !== job);
      if (isOver && !existsSync(answer))
        return [
          {
            what: "Slurm job",
            ok: false,
            detail: `job ${job} gave no answer: ${printed(log)}`,
            fix: "change executor.setup or executor.container",
          },
        ];
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    return findingsOf(Answer.parse(JSON.parse(readFileSync(answer, "utf8"))), written, Date.now());
  } finally {
    await cancelJobs([job]);
    rmSync(folder, { recursive: true, force: true });
  }
}
