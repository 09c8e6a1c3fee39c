import { slurmCommand } from "./slurmCommand.ts";

/** One task of ours, as squeue shows it. */
export interface QueueRow {
  /** The submission and the task's index in it: "20260102-...-abcd/3". */
  task: string;
  /** The job as Slurm's commands take it: "17_3", or "17" where it is no array. */
  job: string;
  /** Slurm's state in capital letters. */
  state: string;
  reason: string;
  /** Empty while the task has none. */
  node: string;
  /** Local times as Slurm writes them, undefined where it does not know. */
  startsAt: number | undefined;
  endsAt: number | undefined;
  restarts: number;
  /** Exit code of the script, where it has ended; a signal's number is negative. */
  exit: number;
}

/** What our jobs carry in their comment before the submission's id. */
export const COMMENT = "adept:";
const SEPARATOR = "|";
/** A reason may be any text, so it comes last. */
const COLUMNS = [
  "Comment",
  "ArrayJobID",
  "ArrayTaskID",
  "JobID",
  "State",
  "NodeList",
  "StartTime",
  "EndTime",
  "RestartCnt",
  "exit_code",
  "Reason",
];

/** A time such as 2026-01-02T03:04:05, in the machine's zone; undefined for "N/A". */
export function timeOf(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** A wait status as wait(2) gives it. */
function exitOf(text: string): number {
  const status = Number.parseInt(text, 10);
  if (Number.isNaN(status)) return 0;
  return (status & 0x7f) === 0 ? status >> 8 : -(status & 0x7f);
}

function rowOf(line: string): QueueRow | undefined {
  const [comment = "", array = "", index = "", own = "", state = "", node = "", start = "", end = "", ...rest] =
    line.split(SEPARATOR);
  const [restarts = "", exit = "", ...reason] = rest;
  if (!comment.startsWith(COMMENT) || state === "") return undefined;
  const isTask = /^\d+$/.test(index);
  return {
    task: `${comment.slice(COMMENT.length)}/${isTask ? index : "0"}`,
    job: isTask ? `${array}_${index}` : own,
    state,
    reason: reason.join(SEPARATOR).replace(/\|?\s*$/, ""),
    node: node === "(null)" ? "" : node,
    startsAt: timeOf(start),
    endsAt: timeOf(end),
    restarts: Number.parseInt(restarts, 10) || 0,
    exit: exitOf(exit),
  };
}

/** Reads what squeue prints; lines that are not of our jobs are left out. */
export const readQueue = (text: string): QueueRow[] => text.split("\n").flatMap((line) => rowOf(line) ?? []);

/**
 * All of this user's jobs that are ours, with those that ended a short time ago, in one call.
 * @throws UserError as `slurmCommand`
 */
export async function askQueue(): Promise<QueueRow[]> {
  const columns = COLUMNS.map((name) => `${name}:${SEPARATOR}`).join(",");
  return readQueue(await slurmCommand("squeue", ["--me", "-h", "-r", "--states=all", "-O", columns]));
}
