import * as vscode from "vscode";
import { metricName, metricValue } from "../../record/metricText.ts";
import type { RunRecord } from "../../record/record.ts";
import { summaryOf, type GroupNode } from "./runTree.ts";

/** Returns the state of a group's runs in one line. */
export function groupText(records: readonly RunRecord[]): string {
  const { running, finished, failed, of, mean, metric, n, best } = summaryOf(records);
  return [
    running > 0 ? vscode.l10n.t("{0} running", running) : "",
    failed > 0 ? vscode.l10n.t("{0} failed", failed) : "",
    finished < of ? vscode.l10n.t("{0} of {1} finished", finished, of) : vscode.l10n.t("{0} runs", of),
    mean === undefined || metric === undefined ? "" : `${n > 1 ? "⌀ " : ""}${metricValue(metric, mean)}`,
    best === undefined
      ? ""
      : vscode.l10n.t("best on validation {0}: {1}", metricValue(best.metric, best.value), best.label),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/**
 * Returns the row of a group of runs.
 * @param onCluster whether one of them waits for a cluster or is at work on it
 */
export function groupItem(node: GroupNode, records: readonly RunRecord[], onCluster: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Expanded);
  const description = groupText(records);
  item.id = `group:${node.key}`;
  item.iconPath = new vscode.ThemeIcon("beaker");
  item.description = description;
  item.tooltip = tooltipOf(node, records);
  item.contextValue = onCluster ? "group.cluster" : "group";
  item.accessibilityInformation = {
    label: vscode.l10n.t("Experiment {0}, {1}", node.label, description),
    role: "treeitem",
  };
  return item;
}

function tooltipOf({ label }: GroupNode, records: readonly RunRecord[]): string {
  const { metric, mean, best } = summaryOf(records);
  if (best !== undefined)
    return vscode.l10n.t(
      "{0}: {1} is best on validation, by {2}: {3}, mean of {4} runs",
      label,
      best.label,
      metricName(best.metric),
      metricValue(best.metric, best.value),
      best.n,
    );
  return metric === undefined || mean === undefined
    ? label
    : vscode.l10n.t("{0}: mean {1} of its finished runs", label, metricName(metric));
}
