import { parseArgs } from "node:util";
import { makeBranch } from "../../run/git/gitBranch.ts";
import { codeOf, gitHere } from "../gitHere.ts";
import { namedRun } from "../place.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/** adept runs branch RUN NAME: a branch at a run's code and result; HEAD stays where it is. */
export async function branch(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted, name],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  if (wanted === undefined || name === undefined) throw new WrongUse("branch takes a run and a name");
  const run = namedRun(values["runs-dir"], wanted);
  const store = await gitHere();
  await makeBranch(store, name, run.record().resultCommit ?? codeOf(run));
  say(values.json === true ? JSON.stringify({ run: run.id, branch: name }) : `branch ${name} is made`);
  return 0;
}
