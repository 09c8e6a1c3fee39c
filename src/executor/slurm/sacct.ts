import { UserError } from "../../base/errors.ts";
import { slurmCommand } from "./slurmCommand.ts";
import { timeOf, type QueueRow } from "./squeue.ts";
import { meaningOf } from "./states.ts";

const SEPARATOR = "|";
const COLUMNS = ["JobID", "State", "NodeList", "Start", "End", "ExitCode"];
/** Jobs of one call: a command line has a largest length. */
const MOST = 500;

/** "3:0" is exit code 3, "0:15" signal 15. */
function exitOf(text: string): number {
  const [code = 0, signal = 0] = text.split(":").map((part) => Number.parseInt(part, 10) || 0);
  return signal > 0 ? -signal : code;
}

/** Reads what sacct prints of jobs. @param tasks our name of each job, by the job */
export function readAccounting(text: string, tasks: ReadonlyMap<string, string>): QueueRow[] {
  return text.split("\n").flatMap((line) => {
    const [job = "", state = "", node = "", start = "", end = "", exit = ""] = line.split(SEPARATOR);
    const task = tasks.get(job);
    // Of a job that goes on, squeue knows more; the accounting lags behind.
    if (task === undefined || meaningOf(state, false) !== "ended") return [];
    const known = { node: node === "None assigned" ? "" : node, startsAt: timeOf(start), endsAt: timeOf(end) };
    return [{ task, job, state, reason: "None", ...known, restarts: 0, exit: exitOf(exit) }];
  });
}

/**
 * What the accounting says of jobs that squeue does not know any more. It is a help and may be missing: many clusters
 * have none, and its database may be away.
 * @param tasks our name of each job, by the job
 */
export async function askAccounting(tasks: ReadonlyMap<string, string>): Promise<QueueRow[]> {
  const jobs = [...tasks.keys()].slice(0, MOST);
  try {
    const args = ["-X", "-n", "--parsable2", `--format=${COLUMNS.join(",")}`, `--jobs=${jobs.join(",")}`];
    return readAccounting(await slurmCommand("sacct", args), tasks);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
