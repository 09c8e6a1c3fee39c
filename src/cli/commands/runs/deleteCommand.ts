import { join } from "node:path";
import { kindOf } from "../../../executor/executorKindOf.ts";
import { slurmExecutor } from "../../../executor/executors.ts";
import { isWaiting } from "../../../record/record.ts";
import { RunDirectory } from "../../../run/directory/runDirectory.ts";
import { deleteRuns, refuseAtWork, restoreRuns } from "../../../run/removal/trash.ts";
import { command, type Options, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { localWorker } from "../../localWorker.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { say } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";

const OPTIONS = {
  undo: { type: "boolean", help: "takes the runs, named by their whole ids, back from the trash" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Takes what waits for a cluster out of its queue: a job would begin a run that is not there. */
async function leaveQueue(runsDir: string, ids: readonly string[]): Promise<void> {
  const runs = ids.map((id) => RunDirectory.open(join(runsDir, id)));
  refuseAtWork(runs);
  const waiting = runs.filter((run) => isWaiting(run.record()) && kindOf(run) === "slurm");
  if (waiting.length > 0) await slurmExecutor({ ...localWorker(), runsDir }).stop(waiting);
}

/** Moves runs to the trash, where they stay for a week; with --undo, moves them back. */
async function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  if (positionals.length === 0) throw new WrongUse("delete takes the runs that go");
  const runsDir = runsFolder(values["runs-dir"]);
  const ids =
    values.undo === true
      ? positionals
      : [...new Set(positionals.map((wanted) => namedRun(values["runs-dir"], wanted).id))];
  if (values.undo === true) await restoreRuns(runsDir, ids, process.cwd());
  else {
    await leaveQueue(runsDir, ids);
    await deleteRuns(runsDir, ids, process.cwd());
  }
  if (values.json === true) say(JSON.stringify(values.undo === true ? { back: ids } : { deleted: ids }));
  else
    say(
      values.undo === true
        ? `back: ${ids.join(" ")}`
        : `deleted: ${ids.join(" ")}\nundo within a week with: adept runs delete --undo ${ids.join(" ")}`,
    );
  return 0;
}

export const deleteCommand = command({
  summary: "moves runs to the trash for a week, or takes them back from it",
  takes: "RUN...",
  options: OPTIONS,
  examples: ["adept runs delete 20260101-000000-abcd", "adept runs delete --undo 20260101-000000-abcd"],
  run,
});
