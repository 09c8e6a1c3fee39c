import { parseArgs } from "node:util";
import { GitRestore } from "../../run/git/gitRestore.ts";
import { isResult } from "../../run/git/gitResults.ts";
import { codeOf, gitHere } from "../gitHere.ts";
import { namedRun } from "../place.ts";
import { say } from "../terminal.ts";

/** adept runs diff RUN [RUN]: files of a run's code that differ from those here now, or from another run's. */
export async function diff(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted = "latest", other],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  const store = await gitHere();
  const run = namedRun(values["runs-dir"], wanted);
  const second = other === undefined ? undefined : namedRun(values["runs-dir"], other);
  const files =
    second === undefined
      ? await new GitRestore(store).differences(codeOf(run))
      : (await store.changedFiles(codeOf(run), codeOf(second)))
          .filter(({ path }) => !isResult(path))
          .map(({ path, status }) => ({ path, status }));
  if (values.json === true)
    say(JSON.stringify({ run: run.id, ...(second !== undefined && { other: second.id }), files }));
  else for (const { path, status } of files) say(`${status.padEnd(7)}  ${path}`);
  return 0;
}
