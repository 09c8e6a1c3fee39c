import { newerPhrase } from "../../../base/newerVersion.ts";
import { english } from "../../../base/phrase.ts";
import { precisionText } from "../../../record/precisionText.ts";
import { markInterruptedRuns } from "../../../run/interruption/interruptedRuns.ts";
import { readJournal } from "../../../run/journal/readJournal.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { problemReporter } from "../../problemReporter.ts";
import { say, tell } from "../../terminal.ts";

function run({ values, positionals: [wanted = "latest"] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  markInterruptedRuns(runsFolder(values["runs-dir"]), problemReporter());
  const run = namedRun(values["runs-dir"], wanted);
  const { bad } = readJournal(run.path);
  if (bad > 0) tell(`${bad} lines of its journal cannot be read; the record is that of the others\n`);
  const record = run.record();
  const isReadable = record.newer === undefined || run.experimentError() === undefined;
  if (record.newer !== undefined) tell(`${english(newerPhrase(record.newer))}\n`);
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

export const showCommand = command({
  summary: "prints the record of a run as JSON",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept runs show latest"],
  run,
});
