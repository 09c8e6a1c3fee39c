import * as vscode from "vscode";
import { isCorrelation, LOSS, metricName, metricValue } from "../../record/metricText.ts";
import type { Outcome } from "../../record/outcome.ts";

const isShare = (metric: string): boolean => metric !== LOSS && !isCorrelation(metric);

/** The size of a difference with its unit. */
function apart(metric: string, gain: number): string {
  const size = Math.abs(gain);
  return isShare(metric) ? vscode.l10n.t("{0} points", (100 * size).toFixed(1)) : size.toFixed(3);
}

/** What a result is worth beside what is known without training; empty where nothing is. */
function verdict({ metric, baseline, gain, interval, isTold }: Outcome): string {
  if (baseline === undefined || gain === undefined) return "";
  const known = metricValue(metric, baseline.value);
  const ofMajority = baseline.of === "majority";
  if (interval !== undefined && !isTold)
    return ofMajority
      ? vscode.l10n.t("It cannot be told apart from always giving the commonest label ({0}).", known)
      : vscode.l10n.t("It cannot be told apart from the untrained model ({0}).", known);
  const size = apart(metric, gain);
  if (gain < 0)
    return ofMajority
      ? vscode.l10n.t("{0} worse than always giving the commonest label ({1}).", size, known)
      : vscode.l10n.t("{0} worse than the untrained model ({1}).", size, known);
  return ofMajority
    ? vscode.l10n.t("{0} better than always giving the commonest label ({1}).", size, known)
    : vscode.l10n.t("{0} better than the untrained model ({1}).", size, known);
}

/** The result of a tested run in one line: value, 95 % interval, examples, and how far it is from baselines. */
export function outcomeText(outcome: Outcome): string {
  const { metric, value, interval, examples } = outcome;
  const bounds =
    interval === undefined ? "" : ` [${(100 * interval.low).toFixed(1)}, ${(100 * interval.high).toFixed(1)}]`;
  const result = vscode.l10n.t(
    "Test {0} {1}, {2} examples.",
    metricName(metric),
    `${metricValue(metric, value)}${bounds}`,
    examples,
  );
  return [result, verdict(outcome)].filter((part) => part !== "").join(" ");
}
