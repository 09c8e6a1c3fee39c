import * as vscode from "vscode";
import type { Where } from "../../executor/executor.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { localised } from "../window/localised.ts";
import { statusOf } from "./runText.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time of day, with the date where it is not today. */
function clockText(time: number, now: number): string {
  const date = new Date(time);
  const clock = date.toLocaleTimeString(vscode.env.language, { hour: "2-digit", minute: "2-digit" });
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? clock : `${date.toLocaleDateString(vscode.env.language)} ${clock}`;
}

function leftText(milliseconds: number): string {
  if (milliseconds >= 2 * DAY) return vscode.l10n.t("{0} days left", Math.floor(milliseconds / DAY));
  if (milliseconds >= 2 * HOUR) return vscode.l10n.t("{0} h left", Math.floor(milliseconds / HOUR));
  return vscode.l10n.t("{0} min left", Math.max(0, Math.floor(milliseconds / MINUTE)));
}

/** What is told of a job that Slurm lists no more; empty where it lists it, or its worker gives signs of life. */
const unlistedText = ({ job, unlisted }: Where): string =>
  unlisted === undefined || unlisted.alive || job === ""
    ? ""
    : vscode.l10n.t("unknown: Slurm lists job {0} no more", job);

function waitingText({ state, reason = "", startsAt }: Where, now: number): string {
  if (state === "unknown") return vscode.l10n.t("waiting (Slurm does not answer)");
  const about = startsAt !== undefined && startsAt > now ? vscode.l10n.t("about {0}", clockText(startsAt, now)) : "";
  const why = [reason === "None" ? "" : reason, about].filter((part) => part !== "").join(", ");
  return why === "" ? vscode.l10n.t("waiting") : vscode.l10n.t("waiting ({0})", why);
}

function restartsText(restarts: number): string {
  if (restarts === 0) return "";
  if (restarts === 1) return vscode.l10n.t("requeued once");
  return restarts === 2 ? vscode.l10n.t("requeued twice") : vscode.l10n.t("requeued {0} times", restarts);
}

/** How long (ms) after its job's start a worker may be silent until that is told. */
const SILENT = 3 * MINUTE;

/** What is told of a job that has started, and whose worker has said nothing in the journal. */
function startedText({ node = "", startsAt }: Where, now: number): string {
  const at = node === "" ? vscode.l10n.t("starting") : vscode.l10n.t("starting on {0}", node);
  if (startsAt === undefined || now - startsAt < SILENT) return at;
  return vscode.l10n.t("{0}, tells nothing for {1} min", at, Math.floor((now - startsAt) / MINUTE));
}

/**
 * Where a run of a cluster is, in one short line: "waiting (Priority, about 14:20)", "running · on n7, 3 h left,
 * requeued twice". Its journal says whether it is at work, Slurm the rest.
 */
export function clusterText(record: RunRecord, where: Where, now = Date.now()): string {
  const { node = "", endsAt, state, restarts } = where;
  const again = restartsText(restarts);
  const unlisted = unlistedText(where);
  if (unlisted !== "") return unlisted;
  if (!isLive(record.status))
    return [state === "working" ? startedText(where, now) : waitingText(where, now), again]
      .filter((part) => part !== "")
      .join(", ");
  const at = node === "" ? (record.place?.node ?? "") : node;
  const parts = [
    at === "" ? "" : vscode.l10n.t("on {0}", at),
    endsAt === undefined || state !== "working" ? "" : leftText(endsAt - now),
    again,
  ].filter((part) => part !== "");
  return [statusOf(record), parts.join(", ")].filter((part) => part !== "").join(" · ");
}

/**
 * What helps a run that never starts unless somebody changes something, or whose job Slurm lists no more; undefined for
 * all others.
 */
export function clusterNeed(where: Where, now = Date.now()): string | undefined {
  if (where.never !== undefined) return localised(where.never);
  if (unlistedText(where) === "") return undefined;
  return vscode.l10n.t(
    "Its worker is silent too. It is looked for until {0}, then the run is submitted again; the job's log may say more.",
    clockText(where.unlisted!.until, now),
  );
}

/** What Slurm's word for a wait means that ends by itself, and what may be done about it; undefined of other words. */
function meaningOf(word: string): string | undefined {
  const { t } = vscode.l10n;
  if (word === "Priority") return t("Jobs with a higher priority go first.");
  if (word === "Resources") return t("It is among the next, and waits for free nodes.");
  if (word === "JobArrayTaskLimit")
    return t("As many runs of its sweep are at work as may be at once: Limit Cluster Runs at Once changes it.");
  if (word === "BeginTime") return t("It was started again: Slurm waits about two minutes before that.");
  if (word === "Dependency") return t("It waits for other jobs of its sweep.");
  if (/^ReqNodeNotAvail|^Reserved|^NodeDown|^PartitionDown|^PartitionInactive/.test(word))
    return t("Nodes that it needs are down, or reserved, such as for maintenance: sinfo -R says why.");
  if (/^(QOS|Assoc)(Max|Grp)/.test(word))
    return t("Your account or QOS has as much at work as it may: it starts when something of yours has ended.");
  return undefined;
}

/** Why a run waits that starts by itself, in words; undefined for others, and where Slurm's word is all there is. */
export const clusterHelp = ({ state, never, reason = "" }: Where): string | undefined =>
  state === "waiting" && never === undefined ? meaningOf(reason) : undefined;
