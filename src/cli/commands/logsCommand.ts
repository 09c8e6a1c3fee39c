import { bytesText } from "../../base/text/bytesText.ts";
import { executorOfRun } from "../../executor/executors.ts";
import { logsText } from "../../executor/runLogs.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { localWorker } from "../localWorker.ts";
import { namedRun, runsFolder } from "../namedRun.ts";
import { say } from "../terminal.ts";

/** The largest output of one file that is shown, in bytes. */
const MOST_BYTES = 50_000_000;

/** Prints what the processes of a run have printed, those of this machine and those of a cluster's jobs. */
function run({ values, positionals }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const shown = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  const place = { ...localWorker(), runsDir: runsFolder(values["runs-dir"]) };
  const logs = executorOfRun(shown, place).logs(shown, MOST_BYTES);
  const text = logsText(logs, ({ before }) => `(${bytesText(before)} before are left out)`);
  if (values.json === true) say(JSON.stringify(logs.map((log) => ({ ...log, text: log.text.trimEnd() }))));
  else if (text !== "") say(text);
  return Promise.resolve(0);
}

export const logsCommand = command({
  summary: "prints what a run's processes have printed, on this machine and in jobs of a cluster",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept logs latest"],
  run,
});
