import { parseArgs } from "node:util";
import type { ChildProcess } from "node:child_process";
import { resumeTraining, submitTraining } from "../executor/localExecutor.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { follow } from "./follow.ts";
import { namedRun, place, runsFolder } from "./place.ts";
import { WrongUse } from "./wrongUse.ts";

async function report({ run, child }: { run: RunDirectory; child: ChildProcess }, json: boolean): Promise<number> {
  process.stderr.write(`run ${run.id}\n`);
  const { record, interrupted } = await follow(run, child);
  if (json) console.log(JSON.stringify({ ...record, path: run.path, adapter: run.adapterPath }));
  else console.log(`${record.status}: run ${run.id}${record.resultCommit === undefined ? "" : `, commit ${record.resultCommit}`}, adapter in ${run.adapterPath}`);
  if (interrupted) return 130;
  return record.status === "finished" || record.status === "stopped" ? 0 : 1;
}

/** adept train EXPERIMENT */
export function train(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { set: { type: "string", multiple: true }, "runs-dir": { type: "string" }, "no-git": { type: "boolean" }, json: { type: "boolean" } } });
  const [experimentPath] = positionals;
  if (experimentPath === undefined || positionals.length > 1) throw new WrongUse("train takes one experiment file");
  return report(submitTraining({ ...place(), experimentPath, runsDir: runsFolder(values["runs-dir"]), git: values["no-git"] !== true, overrides: values.set ?? [] }), values.json === true);
}

/** adept resume RUN */
export function resume(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { "runs-dir": { type: "string" }, json: { type: "boolean" } } });
  const run = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  return report(resumeTraining({ ...place(), runPath: run.path }), values.json === true);
}
