import { reproduceRun } from "../../../executor/reproduce.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { follow, untilExit } from "../../follow.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { localWorker } from "../../localWorker.ts";
import { say, tell } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";

/** trains it again from its commit, and says whether it came out the same. @returns 1 where it did not */
async function run({ values, positionals: [wanted] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  if (wanted === undefined) throw new WrongUse("reproduce takes a run");
  const original = namedRun(values["runs-dir"], wanted);
  const { run, outside, child } = await reproduceRun({
    ...localWorker(),
    runPath: original.path,
    runsDir: runsFolder(values["runs-dir"]),
  });
  if (outside.length > 0) tell(`not from its commit, but as it is now: ${outside.join(", ")}\n`);
  const { record, interrupted } = await follow(run, untilExit(child));
  const { reproduced } = record;
  if (values.json === true) say(JSON.stringify(record));
  else
    say(
      reproduced === undefined
        ? `${record.status}: run ${run.id}`
        : `${reproduced.same ? "the same to the byte" : `not the same${reproduced.firstDifference === undefined ? "" : `: the loss differs from step ${reproduced.firstDifference.step} on`}`}: run ${run.id}`,
    );
  return interrupted ? 130 : reproduced?.same === true ? 0 : 1;
}

export const reproduceCommand = command({
  summary: "trains a run again from its commit, and says whether it came out the same",
  takes: "RUN",
  options: RUN_OPTIONS,
  examples: ["adept runs reproduce latest"],
  notes: ["Exit code 1: the result is not the same."],
  run,
});
