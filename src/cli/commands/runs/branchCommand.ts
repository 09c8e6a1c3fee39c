import { makeBranch } from "../../../run/git/gitBranch.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { codeCommitOf, gitHere } from "../../gitHere.ts";
import { namedRun } from "../../namedRun.ts";
import { say } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";

/** Makes a branch at a run's code and result; HEAD does not move. */
async function run({ values, positionals: [wanted, name] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  if (wanted === undefined || name === undefined) throw new WrongUse("branch takes a run and a name");
  const run = namedRun(values["runs-dir"], wanted);
  const store = await gitHere();
  await makeBranch(store, name, run.record().resultCommit ?? codeCommitOf(run));
  say(values.json === true ? JSON.stringify({ run: run.id, branch: name }) : `branch ${name} is made`);
  return 0;
}

export const branchCommand = command({
  summary: "makes a git branch at a run's code and result; HEAD stays where it is",
  takes: "RUN NAME",
  options: RUN_OPTIONS,
  examples: ["adept runs branch latest good-run"],
  run,
});
