import { reproduceRun } from "../../../executor/reproduce.ts";
import type { RunRecord } from "../../../record/record.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { followWorker } from "../../followWorker.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { localWorker } from "../../localWorker.ts";
import { say, tell } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";

function outcome({ status, reproduced }: RunRecord): string {
  if (reproduced === undefined) return status;
  if (reproduced.same) return "the same to the byte";
  return reproduced.firstDifference === undefined
    ? "not the same"
    : `not the same: the loss differs from step ${reproduced.firstDifference.step} on`;
}

/** Reproduces a run. @returns exit code 1 where the result differs from the original's */
async function run({ values, positionals: [wanted] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  if (wanted === undefined) throw new WrongUse("reproduce takes a run");
  const original = namedRun(values["runs-dir"], wanted);
  const made = await reproduceRun({
    ...localWorker(),
    runPath: original.path,
    runsDir: runsFolder(values["runs-dir"]),
  });
  if (made.outside.length > 0) tell(`not from its commit, but as it is now: ${made.outside.join(", ")}\n`);
  const { record, ended } = await followWorker(made.run, made.child);
  say(values.json === true ? JSON.stringify(record) : `${outcome(record)}: run ${made.run.id}`);
  return ended ?? (record.reproduced?.same === true ? 0 : 1);
}

export const reproduceCommand = command({
  summary: "trains a run again from its commit, and says whether the result is the same",
  takes: "RUN",
  options: RUN_OPTIONS,
  examples: ["adept runs reproduce latest"],
  notes: ["Exit code 1: the result is not the same."],
  run,
});
