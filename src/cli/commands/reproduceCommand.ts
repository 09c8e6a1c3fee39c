import { parseArgs } from "node:util";
import { reproduceRun } from "../../executor/reproduce.ts";
import { follow, untilExit } from "../follow.ts";
import { namedRun, place, runsFolder } from "../place.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/**
 * adept runs reproduce RUN: trains it again from its commit, and says whether it came out the same.
 * @returns 1 where it did not
 */
export async function reproduce(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  if (wanted === undefined) throw new WrongUse("reproduce takes a run");
  const original = namedRun(values["runs-dir"], wanted);
  const { run, outside, child } = await reproduceRun({
    ...place(),
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
