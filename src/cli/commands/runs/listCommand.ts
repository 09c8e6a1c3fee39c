import { existsSync } from "node:fs";
import { newerPhrase } from "../../../base/newerVersion.ts";
import { english } from "../../../base/phrase.ts";
import { leadingMetric, metricValue } from "../../../record/metricText.ts";
import type { RunRecord } from "../../../record/record.ts";
import { readMarkedRuns } from "../../../run/interruption/interruptedRuns.ts";
import { keepIndex } from "../../../run/directory/keepIndex.ts";
import { unreadableRuns } from "../../../run/directory/unreadableRuns.ts";
import { command, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { runsFolder } from "../../namedRun.ts";
import { problemReporter } from "../../problemReporter.ts";
import { oneLine, say, tell } from "../../terminal.ts";

/** The leading metric of the trained model on the test split; until it is tested, the newest one on validation. */
function result({ evaluations }: RunRecord): string {
  const tested =
    evaluations.find((e) => e.split === "test" && e.label === "trained") ??
    evaluations.filter((e) => e.split === "validation").at(-1);
  const known = leadingMetric(tested?.metrics ?? {});
  return tested === undefined
    ? ""
    : `${tested.split} ${known === undefined ? "" : metricValue(known.name, known.value)}`;
}

function run({ values }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const runsDir = runsFolder(values["runs-dir"]);
  const read = readMarkedRuns(runsDir, problemReporter());
  keepIndex(runsDir, read);
  const records = read.map(({ run, record }) => ({ ...record, id: run.id }));
  if (existsSync(runsDir))
    for (const { path, reason } of unreadableRuns(runsDir, new Set(read.map(({ run: { id } }) => id))))
      tell(`${path} cannot be read: ${reason}\n`);
  for (const { id, newer } of records) if (newer !== undefined) tell(`run ${id}: ${english(newerPhrase(newer))}\n`);
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

export const listCommand = command({
  summary: "lists the runs of this folder",
  takes: "",
  options: RUN_OPTIONS,
  examples: ["adept runs list", "adept runs list --json"],
  run,
});
