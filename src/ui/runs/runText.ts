import * as vscode from "vscode";
import type { RunStatus } from "../../record/events.ts";
import { leadingMetric, metricName, metricValue } from "../../record/metricText.ts";
import { localised } from "../window/localised.ts";
import { isLive, type Reproduction, type RunRecord } from "../../record/record.ts";

/** Returns a run's status in words. */
export function statusText(status: RunStatus): string {
  switch (status) {
    case "queued":
      return vscode.l10n.t("waiting");
    case "preparing":
      return vscode.l10n.t("preparing");
    case "running":
      return vscode.l10n.t("running");
    case "evaluating":
      return vscode.l10n.t("evaluating");
    case "stopping":
      return vscode.l10n.t("stopping");
    case "finished":
      return vscode.l10n.t("finished");
    case "stopped":
      return vscode.l10n.t("stopped");
    case "failed":
      return vscode.l10n.t("failed");
    case "interrupted":
      return vscode.l10n.t("interrupted");
  }
}

/** Returns a run's status in words, and what it is doing where it says so. */
export function statusOf({ status, message, phrases }: Pick<RunRecord, "status" | "message" | "phrases">): string {
  const doing = status === "preparing" ? (phrases.message ?? message) : undefined;
  return doing === undefined ? statusText(status) : localised(doing);
}

/** Returns the icon of a run's status. */
export function statusIcon(status: RunStatus): vscode.ThemeIcon {
  const icon = (id: string, colour?: string) =>
    new vscode.ThemeIcon(id, colour === undefined ? undefined : new vscode.ThemeColor(colour));
  switch (status) {
    case "preparing":
    case "running":
    case "evaluating":
    case "stopping":
      return icon("loading~spin");
    case "queued":
      return icon("clock");
    case "finished":
      return icon("pass", "testing.iconPassed");
    case "stopped":
      return icon("debug-stop");
    case "failed":
      return icon("error", "testing.iconFailed");
    case "interrupted":
      return icon("warning", "list.warningForeground");
  }
}

/** Returns the fraction of the planned steps that are done, 0 to 1. */
export function doneFraction(record: RunRecord): number {
  return record.steps > 0 ? Math.min(1, (record.lastStep?.step ?? 0) / record.steps) : 0;
}

/** Returns the remaining time of a training in words. */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return vscode.l10n.t("{0} s left", Math.max(0, Math.round(seconds)));
  if (seconds < 3600) return vscode.l10n.t("{0} min left", Math.round(seconds / 60));
  return vscode.l10n.t("{0} h left", (seconds / 3600).toFixed(1));
}

/** Returns the trained model's leading metric on the test split, else its latest one on the validation split. */
export function shownResult(
  record: RunRecord,
): { name: string; value: string; split: "test" | "validation" } | undefined {
  for (const split of ["test", "validation"] as const) {
    const known = leadingMetric(
      record.evaluations.findLast((e) => e.split === split && e.label === "trained")?.metrics ?? {},
    );
    if (known !== undefined)
      return { name: metricName(known.name), value: metricValue(known.name, known.value), split };
  }
  return undefined;
}

/** Returns status, step, metric and remaining time in one short line. */
export function runSummary(record: RunRecord): string {
  return [statusOf(record), summaryWithoutStatus(record)].filter((part) => part !== "").join(" · ");
}

/** Like runSummary, without the status. */
export function summaryWithoutStatus(record: RunRecord): string {
  const parts: string[] = [];
  if (record.lastStep !== undefined && record.status !== "finished")
    parts.push(`${record.lastStep.step}/${record.steps}`);
  const known = shownResult(record);
  if (known !== undefined) parts.push(known.value);
  if (isLive(record.status) && record.lastStep !== undefined && record.status === "running")
    parts.push(timeLeft(record.lastStep.secondsLeft));
  return parts.join(" · ");
}

/** Compares the result of a reproduced run with that of the original, in words. */
export function reproductionText(name: string, reproduction: Reproduction): string {
  const outside = reproduction.outside ?? [];
  return (
    outcomeText(name, reproduction) +
    (outside.length === 0 ? "" : vscode.l10n.t(" Not from its commit, but as they are now: {0}.", outside.join(", ")))
  );
}

function outcomeText(name: string, { same, steps, firstDifference, metric }: Reproduction): string {
  if (same) return vscode.l10n.t('"{0}": every byte of the result is that of the original.', name);
  const values =
    metric === undefined || metric.value === null
      ? ""
      : vscode.l10n.t(
          " {0} is {1}, was {2}.",
          metricName(metric.name),
          metricValue(metric.name, metric.value),
          metricValue(metric.name, metric.was),
        );
  return (
    (firstDifference === undefined
      ? vscode.l10n.t('"{0}": the losses of all {1} steps are the original\'s, the result is not.', name, steps)
      : vscode.l10n.t(
          '"{0}": the loss differs from step {1} on ({2}, was {3}).',
          name,
          firstDifference.step,
          firstDifference.loss.toPrecision(6),
          firstDifference.was.toPrecision(6),
        )) + values
  );
}
