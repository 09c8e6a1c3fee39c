import { existsSync } from "node:fs";
import { boundedText } from "../../base/files/boundedFile.ts";
import { slurmExecutor } from "../../executor/executors.ts";
import { kindOf } from "../../executor/executorKindOf.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { localWorker } from "../localWorker.ts";
import { namedRun, runsFolder } from "../namedRun.ts";
import { say } from "../terminal.ts";

/** The largest output that is shown, in bytes. */
const MOST_BYTES = 50_000_000;

/** A file that a run's processes have printed to, and which. */
interface Log {
  title: string;
  path: string;
}

function logsOf(run: RunDirectory, runsDir: string): Log[] {
  const own = { title: "log.txt", path: run.logPath };
  const jobs = kindOf(run) === "slurm" ? slurmExecutor({ ...localWorker(), runsDir }).logs(run) : [];
  return [own, ...jobs.map(({ job, path }) => ({ title: job === "" ? "job" : `job ${job}`, path }))].filter(
    ({ path }) => existsSync(path),
  );
}

/** Prints what the processes of a run have printed, those of this machine and those of a cluster's jobs. */
function run({ values, positionals }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const shown = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  const logs = logsOf(shown, runsFolder(values["runs-dir"])).map((log) => ({
    ...log,
    text: boundedText(log.path, MOST_BYTES).trimEnd(),
  }));
  if (values.json === true) say(JSON.stringify(logs));
  else
    for (const { title, path, text } of logs.filter((each) => each.text !== "")) say(`== ${title} (${path})\n${text}`);
  return Promise.resolve(0);
}

export const logsCommand = command({
  summary: "prints what a run's processes have printed, on this machine and in jobs of a cluster",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept logs latest"],
  run,
});
