import { statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { loadTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { localModels } from "../../base/localModels/localModels.ts";
import { openGitStore } from "../../run/git/gitStore.ts";
import { backboneFolder, EMBEDDED_BACKBONE } from "../../backbone/backboneFolder.ts";
import { copiesFinding } from "./doctorCopies.ts";
import { ggufFinding } from "./doctorGguf.ts";
import { deviceFindings } from "./doctorDevices.ts";
import { slurmExecutor } from "../../executor/executors.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { attempt, type Finding } from "./doctorFinding.ts";
import { modelsHere } from "../../worker/device/modelsHere.ts";
import { localWorker } from "../localWorker.ts";
import { runsFolder } from "../namedRun.ts";
import { EMBEDDED_PURPOSE, recommendation } from "../modelLists.ts";
import { say } from "../terminal.ts";

const LEAST_FREE = 1e9;

const OPTIONS = {
  "slurm-job": { type: "boolean", help: "submits a job of a minute to the cluster, which tells of its node" },
  ...JSON_OUTPUT,
} as const satisfies Options;

async function git(): Promise<string> {
  const store = await openGitStore(process.cwd());
  if ("reason" in store) throw store.reason;
  return "each run becomes a commit under refs/adept/runs";
}

function disk(): string {
  const { bavail, bsize } = statfsSync(process.cwd());
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free here`;
  if (free < LEAST_FREE) throw new Error(detail);
  return detail;
}

/** What there is of a Slurm cluster. */
async function cluster(withJob: boolean): Promise<Finding[]> {
  const place = { ...localWorker(), runsDir: runsFolder(undefined) };
  const found = await slurmExecutor(place).findings(withJob);
  return found.map((each) => ({ ...each }));
}

async function findings(withJob: boolean): Promise<Finding[]> {
  return [
    {
      what: "node",
      ok: true,
      detail: `${process.version}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(1)} GB of memory`,
    },
    await attempt(
      "tokenizer",
      "npm ci",
      () => `${loadTokenizer(backboneFolder(EMBEDDED_BACKBONE)).vocabularySize} pieces in the embedded backbone`,
    ),
    ...(await deviceFindings().catch((error: unknown): Finding[] => [
      { what: "devices", ok: false, detail: String(error), fix: "npm ci" },
    ])),
    { what: "backbones", ok: true, detail: [EMBEDDED_PURPOSE, ...recommendation(modelsHere())].join(" ") },
    ggufFinding(localModels()),
    copiesFinding(),
    await attempt("git", "git init", git),
    await attempt("disk", "free some space", disk),
    ...(await cluster(withJob)),
  ];
}

/** Prints what this machine has and lacks, with the command that fixes each lack. */
async function run({ values }: Parsed<typeof OPTIONS>): Promise<number> {
  const found = await findings(values["slurm-job"] === true);
  if (values.json === true) say(JSON.stringify(found));
  else
    for (const { what, ok, detail, fix } of found)
      say(`${ok ? "ok     " : "missing"} ${what}: ${detail}${fix === undefined ? "" : `\n        fix: ${fix}`}`);
  return 0;
}

export const doctorCommand = command({
  summary: "says what this machine has, what is missing, and the command that helps",
  takes: "",
  options: OPTIONS,
  examples: ["adept doctor", "adept doctor --slurm-job"],
  run,
});
