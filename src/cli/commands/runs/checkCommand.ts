import { openGitStore } from "../../../run/git/gitStore.ts";
import { listRuns } from "../../../run/directory/runList.ts";
import { inputFindings } from "../../../worker/inputIntegrity.ts";
import { runTroubles } from "../../../worker/runIntegrity.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { say } from "../../terminal.ts";

/** Checks whether the files and commits of runs are complete and undamaged. @returns exit code 1 where they are not */
async function run({ values, positionals }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const runs =
    positionals.length > 0
      ? positionals.map((wanted) => namedRun(values["runs-dir"], wanted))
      : listRuns(runsFolder(values["runs-dir"]));
  const opened = await openGitStore(process.cwd());
  const store = "reason" in opened ? undefined : opened;
  const hashes = new Map<string, string>();
  const checked = [];
  for (const run of runs) {
    const inputs = store === undefined ? { troubles: [], notes: [] } : await inputFindings(run, store, hashes);
    const troubles = [...(await runTroubles(run, store)), ...inputs.troubles];
    checked.push({ id: run.id, troubles, ...(inputs.notes.length > 0 && { notes: inputs.notes }) });
  }
  const damaged = checked.filter(({ troubles }) => troubles.length > 0);
  if (values.json === true) say(JSON.stringify(checked));
  else {
    for (const { id, troubles, notes = [] } of checked) {
      for (const { what, action } of troubles) say(`run ${id}: ${what}\n  ${action}`);
      for (const note of notes) say(`run ${id}: ${note}`);
    }
    say(`${runs.length} runs checked, ${damaged.length} with something amiss`);
  }
  return damaged.length > 0 ? 1 : 0;
}

export const checkCommand = command({
  summary: "checks whether journals, checkpoints, adapters and commits are whole",
  takes: "[RUN]...",
  options: RUN_OPTIONS,
  examples: ["adept runs check", "adept runs check latest"],
  notes: ["Exit code 1: something is damaged."],
  run,
});
