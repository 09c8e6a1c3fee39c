import { english } from "../base/phrase.ts";
import type { Where } from "../executor/executor.ts";
import { isLive, type RunRecord } from "../record/record.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time of day, with the date where it is not today. */
function clockText(time: number, now: number): string {
  const date = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? clock : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

function leftText(milliseconds: number): string {
  if (milliseconds >= 2 * DAY) return `${Math.floor(milliseconds / DAY)} days left`;
  if (milliseconds >= 2 * HOUR) return `${Math.floor(milliseconds / HOUR)} h left`;
  return `${Math.max(0, Math.floor(milliseconds / MINUTE))} min left`;
}

const restartsText = (restarts: number): string => {
  if (restarts === 0) return "";
  if (restarts === 1) return "requeued once";
  return restarts === 2 ? "requeued twice" : `requeued ${restarts} times`;
};

function waitingText({ reason = "", startsAt, never }: Where, now: number): string {
  const about = startsAt !== undefined && startsAt > now ? `about ${clockText(startsAt, now)}` : "";
  const told = [reason === "None" ? "" : reason, about].filter((each) => each !== "").join(", ");
  const needs = never === undefined ? "" : `; it does not start unless somebody changes it. ${english(never)}`;
  return `waiting${told === "" ? "" : ` (${told})`}${needs}`;
}

/** How long (ms) after its job's start a worker may be silent until that is told. */
const SILENT = 3 * MINUTE;

/** What is told of a job that has started, and whose worker has said nothing in the journal. */
function silenceText(record: RunRecord, { state, startsAt }: Where, now: number): string {
  if (isLive(record.status) || state !== "working" || startsAt === undefined || now - startsAt < SILENT) return "";
  return `started ${Math.floor((now - startsAt) / MINUTE)} min ago and tells nothing; adept logs shows its output`;
}

/** What is told of a job that Slurm lists no more: what its run's own files say, and what becomes of it. */
function unlistedText({ job, unlisted }: Where, now: number): string {
  if (unlisted === undefined || job === "") return "";
  const gone = `Slurm lists job ${job} no more`;
  if (unlisted.alive) return `${gone}, its worker gives signs of life`;
  const minutes = Math.max(1, Math.ceil((unlisted.until - now) / MINUTE));
  return `unknown: ${gone} and its worker is silent; in ${minutes} min it is given up, and the run submitted again; adept logs shows its output`;
}

/**
 * Where a run of a cluster is: "waiting (Priority, about 14:20)", "on n7, 3 h left, requeued twice". Its journal says
 * whether it is at work, Slurm the rest.
 */
export function whereText(record: RunRecord, where: Where | undefined, now = Date.now()): string {
  if (where === undefined) return "not submitted yet";
  const again = restartsText(where.restarts);
  const unlisted = unlistedText(where, now);
  if (unlisted !== "" && where.unlisted?.alive !== true) return unlisted;
  const node = where.node ?? "";
  const own = isLive(record.status) || where.state === "working";
  const parts = own
    ? [
        `on ${node === "" ? (record.place?.node ?? "a node") : node}`,
        where.endsAt === undefined || where.state !== "working" ? "" : leftText(where.endsAt - now),
        silenceText(record, where, now),
        unlisted,
      ]
    : [where.state === "unknown" ? "waiting (Slurm does not answer)" : waitingText(where, now)];
  return [...parts, again].filter((each) => each !== "").join(", ");
}
