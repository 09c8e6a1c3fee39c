import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { leadingMetric, metricValue } from "../../record/metricText.ts";
import { newerText } from "../../base/newerVersion.ts";
import { precisionText } from "../../record/precisionText.ts";
import { isLive, isWaiting, type RunRecord } from "../../record/record.ts";
import { stopRun } from "../../executor/localExecutor.ts";
import { dequeue } from "../../executor/queue.ts";
import { adoptRuns } from "../../run/adoption.ts";
import { readJournal } from "../../run/journal.ts";
import { listRuns, readRuns } from "../../run/runDirectory.ts";
import { unreadableRuns } from "../../run/unreadableRuns.ts";
import { branch } from "./branchCommand.ts";
import { check } from "./checkCommand.ts";
import { compare } from "./compareCommand.ts";
import { deleteCommand } from "./deleteCommand.ts";
import { diff } from "./diffCommand.ts";
import { exportRun } from "./exportCommand.ts";
import { note, tag } from "./annotateCommand.ts";
import { namedRun, runsFolder } from "../place.ts";
import { prune } from "./pruneCommand.ts";
import { reproduce } from "./reproduceCommand.ts";
import { restore } from "./restoreCommand.ts";
import { fetchRuns, push } from "./shareCommand.ts";
import { tellOnce } from "../tellOnce.ts";
import { oneLine, say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = { "runs-dir": { type: "string" }, json: { type: "boolean" } } as const;

/** Test metric of the trained parameters, or the last on validation. */
function result({ evaluations }: RunRecord): string {
  const tested =
    evaluations.find((e) => e.split === "test" && e.label === "trained") ??
    evaluations.filter((e) => e.split === "validation").at(-1);
  const known = leadingMetric(tested?.metrics ?? {});
  return tested === undefined
    ? ""
    : `${tested.split} ${known === undefined ? "" : metricValue(known.name, known.value)}`;
}

function list(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const runsDir = runsFolder(values["runs-dir"]);
  const told = tellOnce();
  adoptRuns(runsDir, told);
  const records = readRuns(runsDir, told).map(({ run, record }) => ({ ...record, id: run.id }));
  if (existsSync(runsDir))
    for (const { path, reason } of unreadableRuns(runsDir, new Set(listRuns(runsDir).map(({ id }) => id))))
      tell(`${path} cannot be read: ${reason}\n`);
  for (const { id, newer } of records) if (newer !== undefined) tell(`run ${id}: ${newerText(newer)}\n`);
  if (values.json === true) say(JSON.stringify(records));
  else
    for (const r of records)
      say(
        [
          r.id,
          r.status.padEnd(11),
          `${r.lastStep?.step ?? 0}/${r.steps}`.padEnd(9),
          oneLine(r.method).padEnd(5),
          result(r).padEnd(18),
          oneLine(r.name),
        ].join("  "),
      );
  return Promise.resolve(0);
}

function show(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted = "latest"],
  } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  adoptRuns(runsFolder(values["runs-dir"]), tellOnce());
  const run = namedRun(values["runs-dir"], wanted);
  const { bad } = readJournal(run.path);
  if (bad > 0) tell(`${bad} lines of its journal cannot be read; the record is that of the others\n`);
  const record = run.record();
  const isReadable = record.newer === undefined || run.damage() === undefined;
  if (record.newer !== undefined) tell(`${newerText(record.newer)}\n`);
  const precision = record.precision.map((cost) => ({ ...cost, text: precisionText(cost) }));
  say(
    JSON.stringify(
      { ...record, precision, path: run.path, ...(isReadable && { experiment: run.experiment() }) },
      undefined,
      values.json === true ? undefined : 2,
    ),
  );
  return Promise.resolve(0);
}

const PARTS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  list,
  show,
  compare,
  export: exportRun,
  diff,
  restore,
  branch,
  delete: deleteCommand,
  reproduce,
  tag,
  note,
  prune,
  push,
  fetch: fetchRuns,
  check,
};

/** adept runs, and what is done with them; without a word it lists them */
export function runs(args: string[]): Promise<number> {
  const at = args.findIndex((each) => Object.hasOwn(PARTS, each));
  const [first = "-"] = args;
  if (at === -1 && !first.startsWith("-"))
    throw new WrongUse(`runs takes ${Object.keys(PARTS).join(", ")}, not "${first}"`);
  return at === -1 ? list(args) : PARTS[args[at]!]!(args.toSpliced(at, 1));
}

/** adept stop RUN */
export async function stop(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const run = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  if (isWaiting(run.record())) {
    dequeue(run);
    say(`taken out of the queue: run ${run.id}`);
    return 0;
  }
  if (!isLive(run.record().status)) {
    tell(`run ${run.id} is ${run.record().status}\n`);
    return 0;
  }
  await stopRun(run);
  say(`${run.record().status}: run ${run.id}`);
  return 0;
}
