import { parseArgs } from "node:util";
import { deleteRuns, restoreRuns } from "../../run/trash.ts";
import { namedRun, runsFolder } from "../place.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/** adept runs delete RUN...: to the trash, for a week; with --undo and their ids back from it. */
export async function deleteCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { undo: { type: "boolean" }, "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  if (positionals.length === 0) throw new WrongUse("delete takes the runs that go");
  const runsDir = runsFolder(values["runs-dir"]);
  const ids =
    values.undo === true
      ? positionals
      : [...new Set(positionals.map((wanted) => namedRun(values["runs-dir"], wanted).id))];
  if (values.undo === true) await restoreRuns(runsDir, ids, process.cwd());
  else await deleteRuns(runsDir, ids, process.cwd());
  if (values.json === true) say(JSON.stringify(values.undo === true ? { back: ids } : { deleted: ids }));
  else
    say(
      values.undo === true
        ? `back: ${ids.join(" ")}`
        : `deleted: ${ids.join(" ")}\nundo within a week with: adept runs delete --undo ${ids.join(" ")}`,
    );
  return 0;
}
