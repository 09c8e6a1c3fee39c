import { parseArgs } from "node:util";
import { compareRuns } from "../../analysis/compareRuns.ts";
import type { RunRecord } from "../../record/record.ts";
import { resumeTraining } from "../../executor/localExecutor.ts";
import { submitExperiment } from "../../executor/submit.ts";
import type { RunDirectory } from "../../run/runDirectory.ts";
import { comparedRuns, comparisonLines } from "./compareCommand.ts";
import { follow, untilExit } from "../follow.ts";
import { followQueue } from "../followQueue.ts";
import { namedRun, place, runsFolder } from "../place.ts";
import { preflight } from "../preflight.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = {
  set: { type: "string", multiple: true },
  "runs-dir": { type: "string" },
  "no-git": { type: "boolean" },
  queue: { type: "boolean" },
  detach: { type: "boolean" },
  json: { type: "boolean" },
} as const;
const outcome = (run: RunDirectory, record: RunRecord): object => ({
  ...record,
  path: run.path,
  adapter: run.adapterPath,
});
const isGood = ({ status }: RunRecord): boolean => status === "finished" || status === "stopped";

async function reportOne(run: RunDirectory, hasEnded: () => boolean, json: boolean): Promise<number> {
  tell(`run ${run.id}\n`);
  const { record, interrupted } = await follow(run, hasEnded);
  if (json) say(JSON.stringify(outcome(run, record)));
  else
    say(
      `${record.status}: run ${run.id}${record.resultCommit === undefined ? "" : `, commit ${record.resultCommit}`}, adapter in ${run.adapterPath}`,
    );
  if (interrupted) return 130;
  return isGood(record) ? 0 : 1;
}

async function reportQueued(
  { runs, sweep }: { runs: RunDirectory[]; sweep: string | undefined },
  runsDir: string,
  json: boolean,
): Promise<number> {
  tell(`${runs.length} runs queued${sweep === undefined ? "" : `, sweep ${sweep}`}\n`);
  const { records, interrupted } = await followQueue(runs, runsDir);
  const comparison = compareRuns(comparedRuns(runs));
  if (json) say(JSON.stringify({ sweep, runs: runs.map((run, i) => outcome(run, records[i]!)), comparison }));
  else
    for (const line of [
      `${records.filter(({ status }) => status === "finished").length} of ${runs.length} runs finished`,
      ...comparisonLines(comparison, false),
    ])
      say(line);
  if (interrupted) return 130;
  return records.every(isGood) ? 0 : 1;
}

/** adept train EXPERIMENT */
export async function train(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const [experimentPath] = positionals;
  const json = values.json === true;
  const runsDir = runsFolder(values["runs-dir"]);
  if (experimentPath === undefined || positionals.length > 1) throw new WrongUse("train takes one experiment file");
  const submitted = submitExperiment({
    ...place(),
    experimentPath,
    runsDir,
    git: values["no-git"] !== true,
    queued: values.queue === true,
    overrides: values.set ?? [],
    check: preflight(),
  });
  const { runs, sweep, child } = submitted;
  const [first] = runs;
  if (values.detach === true) {
    if (json) say(JSON.stringify({ sweep, runs: runs.map(({ id, path }) => ({ id, path })) }));
    else for (const { id } of runs) say(id);
    return 0;
  }
  return first !== undefined && child !== undefined
    ? reportOne(first, untilExit(child), json)
    : reportQueued(submitted, runsDir, json);
}

/** adept resume RUN */
export function resume(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  const run = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  return reportOne(run, untilExit(resumeTraining({ ...place(), runPath: run.path })), values.json === true);
}
