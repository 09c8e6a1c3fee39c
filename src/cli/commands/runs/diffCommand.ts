import { GitRestore } from "../../../run/git/gitRestore.ts";
import { isResult } from "../../../run/git/gitResults.ts";
import { knownFiles } from "../../../run/inputs/inputPlaces.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { codeCommitOf, gitHere } from "../../gitHere.ts";
import { namedRun } from "../../namedRun.ts";
import { say } from "../../terminal.ts";

/** Lists the files of a run's code that differ from the present files, or from another run's. */
async function run({ values, positionals: [wanted = "latest", other] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const store = await gitHere();
  const run = namedRun(values["runs-dir"], wanted);
  const second = other === undefined ? undefined : namedRun(values["runs-dir"], other);
  const files =
    second === undefined
      ? await new GitRestore(store, knownFiles(run.record())).differences(codeCommitOf(run))
      : (await store.changedFiles(codeCommitOf(run), codeCommitOf(second)))
          .filter(({ path }) => !isResult(path))
          .map(({ path, status }) => ({ path, status }));
  if (values.json === true)
    say(JSON.stringify({ run: run.id, ...(second !== undefined && { other: second.id }), files }));
  else for (const { path, status } of files) say(`${status.padEnd(7)}  ${path}`);
  return 0;
}

export const diffCommand = command({
  summary: "lists the files of a run's code that differ from those here, or from another run's",
  takes: "[RUN] [RUN]",
  options: RUN_OPTIONS,
  examples: ["adept runs diff latest"],
  run,
});
