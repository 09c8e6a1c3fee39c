import { parseArgs } from "node:util";
import { openGitStore } from "../../run/git/gitStore.ts";
import { listRuns } from "../../run/runDirectory.ts";
import { checkRun } from "../../worker/runCheck.ts";
import { namedRun, runsFolder } from "../place.ts";
import { say } from "../terminal.ts";

/** adept runs check [RUN]...: whether what runs have written is whole. @returns 1 where it is not */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  const runs =
    positionals.length > 0
      ? positionals.map((wanted) => namedRun(values["runs-dir"], wanted))
      : listRuns(runsFolder(values["runs-dir"]));
  const opened = await openGitStore(process.cwd());
  const store = "reason" in opened ? undefined : opened;
  const checked = [];
  for (const run of runs) checked.push({ id: run.id, troubles: await checkRun(run, store) });
  const damaged = checked.filter(({ troubles }) => troubles.length > 0);
  if (values.json === true) say(JSON.stringify(checked));
  else {
    for (const { id, troubles } of damaged)
      for (const { what, action } of troubles) say(`run ${id}: ${what}\n  ${action}`);
    say(`${runs.length} runs checked, ${damaged.length} with something amiss`);
  }
  return damaged.length > 0 ? 1 : 0;
}
