import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { textEnd } from "../../base/files/fileEnd.ts";
import type { RunEvent } from "../../record/events.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { readJournal } from "../../run/journal/readJournal.ts";
import type { RunLog } from "../executor.ts";
import { logAt } from "../runLogs.ts";
import { slurmFolder } from "./slurmPlaces.ts";
import { SubmissionFolder } from "./submission.ts";

/** Date and time as the job's script writes them too. */
const clock = (time: number): string => new Date(time).toLocaleString("sv-SE");

/** What an event says of where and how far a run is; of steps and results other views tell. */
function storyOf(event: RunEvent): string[] {
  switch (event.type) {
    case "placed":
      return [`job ${event.job}, restart ${event.restart}, on ${event.node}`];
    case "status":
      return [event.message === undefined ? event.status : `${event.status}: ${event.message}`];
    case "warning":
      return [`warning: ${event.message}`];
    default:
      return [];
  }
}

/** What the run itself has written: each start with its job, the number of the restart, its node, and how it ended. */
export function journalLog(run: RunDirectory, most: number): RunLog[] {
  const lines = readJournal(run.path).events.flatMap((event) =>
    storyOf(event).map((told) => `${clock(event.time)} ${told}\n`),
  );
  const bytes = Buffer.from(lines.join(""));
  return [{ title: "journal", path: run.eventsPath, ...textEnd(bytes.subarray(-most), bytes.length) }];
}

/** The outputs of the jobs that a run has had, in the order in which they were submitted. */
export function jobLogs(run: RunDirectory, most: number): RunLog[] {
  const runsDir = dirname(run.path);
  const folder = slurmFolder(runsDir);
  return (existsSync(folder) ? readdirSync(folder).sort() : []).flatMap((name) => {
    const submission = new SubmissionFolder(runsDir, name);
    const tasks = submission.intent()?.tasks ?? [];
    const index = tasks.findIndex((task) => task.run === run.id);
    if (index === -1) return [];
    const outcome = submission.outcome();
    const job = outcome !== undefined && "job" in outcome ? outcome.job : "";
    const title = ["job", job !== "" && tasks.length > 1 ? `${job}_${index}` : job]
      .filter((part) => part !== "")
      .join(" ");
    return logAt(title, submission.logPath(index), most);
  });
}
