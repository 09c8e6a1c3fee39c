import { cpSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "../experiment/errors.ts";
import { loadAdapter } from "../method/adapterFolder.ts";
import { FOLDED_INPUT, writeFoldedFolder } from "../method/foldedFolder.ts";
import { backboneFolder } from "../training/backboneFolder.ts";
import { backboneLayout } from "../training/prepare.ts";
import { finishedFolder } from "./finishedFolder.ts";
import { namedRun } from "./place.ts";
import { WrongUse } from "./wrongUse.ts";

/** adept export RUN --out DIR [--folded]: the run's adapter, or its backbone with the adapter in the weights. */
export function exportRun(args: string[]): Promise<number> {
  const { values, positionals: [wanted = "latest"] } = parseArgs({ args, allowPositionals: true, options: { out: { type: "string" }, folded: { type: "boolean" }, force: { type: "boolean" }, "runs-dir": { type: "string" }, json: { type: "boolean" } } });
  if (values.out === undefined) throw new WrongUse("export needs --out");
  const run = namedRun(values["runs-dir"], wanted), backbone = backboneFolder(run.experiment().backbone), { out, folded = false } = values;
  if (!existsSync(run.adapterPath)) throw new UserError(`Run ${run.id} has no adapter yet: it is ${run.record().status}`, "Let it finish, or stop it: a stopped run keeps its best so far.");
  const adapter = loadAdapter(run.adapterPath, backboneLayout(backbone));
  let input: string[] = [];
  finishedFolder(out, values.force === true, (folder) => { if (folded) input = writeFoldedFolder(folder, adapter, backbone); else cpSync(run.adapterPath, folder, { recursive: true }); });
  const result = { run: run.id, folder: resolve(out), method: adapter.spec.kind, folded, input };
  console.log(values.json === true ? JSON.stringify(result) : `${result.folder}${input.length > 0 ? ` (${input.join(", ")} in ${FOLDED_INPUT}; see its README.md)` : ""}`);
  return Promise.resolve(0);
}
