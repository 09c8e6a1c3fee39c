import { parseArgs } from "node:util";
import { FOLDED_INPUT } from "../../adapter/foldedFolder.ts";
import { exportTo } from "../../worker/exportJob.ts";
import { namedRun } from "../place.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/** adept export RUN --out DIR [--folded]: the run's adapter, or its backbone with the adapter in the weights. */
export function exportRun(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted = "latest"],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: "string" },
      folded: { type: "boolean" },
      force: { type: "boolean" },
      "runs-dir": { type: "string" },
      json: { type: "boolean" },
    },
  });
  if (values.out === undefined) throw new WrongUse("export needs --out");
  const result = exportTo(namedRun(values["runs-dir"], wanted), {
    out: values.out,
    folded: values.folded === true,
    force: values.force === true,
  });
  say(
    values.json === true
      ? JSON.stringify(result)
      : `${result.folder}${result.input.length > 0 ? ` (${result.input.join(", ")} in ${FOLDED_INPUT}; see its README.md)` : ""}`,
  );
  return Promise.resolve(0);
}
