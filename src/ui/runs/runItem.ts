import { basename } from "node:path";
import * as vscode from "vscode";
import { newerPhrase } from "../../base/newerVersion.ts";
import { type Phrase } from "../../base/phrase.ts";
import { isLive, isOpen, type RunRecord } from "../../record/record.ts";
import type { Where } from "../../executor/executor.ts";
import { waitsForCluster, whereIs } from "./clusterRuns.ts";
import { clusterHelp, clusterNeed, clusterText } from "./clusterText.ts";
import { runSummary, reproductionText, shownResult, statusIcon, statusOf, summaryWithoutStatus } from "./runText.ts";
import { deviceName } from "./deviceText.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import { localised } from "../window/localised.ts";
import { plainLine } from "../window/plainText.ts";
import type { Run } from "./runsModel.ts";

/**
 * Returns the row of a run in the list.
 * @param label its name inside its group
 */
export function runItem(run: Run, label: string): vscode.TreeItem {
  const { id, record } = run;
  const where = whereIs(run);
  const item = new vscode.TreeItem(plainLine(label), vscode.TreeItemCollapsibleState.None);
  const summary = where === undefined ? runSummary(record) : clusterSummary(record, where);
  const marks = [
    record.starred ? "★" : "",
    record.archived ? vscode.l10n.t("archived") : "",
    summary,
    ...record.tags.map((tag) => `#${tag}`),
  ].filter((part) => part !== "");
  item.id = id;
  item.iconPath = statusIcon(waitsForCluster(run) ? "queued" : record.status);
  item.description = plainLine(marks.join(" · "));
  item.contextValue = contextValue(run);
  item.accessibilityInformation = {
    label: vscode.l10n.t("Run {0}, {1}{2}", label, summary, record.starred ? vscode.l10n.t(", starred") : ""),
    role: "treeitem",
  };
  // VS Code forgets a command's arguments with each repaint of the row, and a click on the old one fails: which row was
  // clicked is asked of the list.
  item.command = { command: Command.openRow, title: vscode.l10n.t("Open Results") };
  return item;
}

/** Like runSummary, of a run of a cluster. */
const clusterSummary = (record: RunRecord, where: Where): string =>
  [clusterText(record, where), summaryWithoutStatus(record)].filter((part) => part !== "").join(" · ");

/** Returns the row of a run's folder, or of the folder of all runs, that cannot be read, with the reason. */
export function unreadableItem({ path, reason }: { path: string; reason: Phrase }): vscode.TreeItem {
  const item = new vscode.TreeItem(basename(path), vscode.TreeItemCollapsibleState.None);
  const text = vscode.l10n.t("cannot be read: {0}", localised(reason));
  item.id = `unreadable:${path}`;
  item.iconPath = new vscode.ThemeIcon("error", new vscode.ThemeColor("testing.iconFailed"));
  item.description = text;
  item.tooltip = `${path}\n${text}`;
  item.contextValue = "unreadable";
  item.accessibilityInformation = { label: vscode.l10n.t("Folder {0}, {1}", basename(path), text), role: "treeitem" };
  return item;
}

/**
 * Returns the words that the `when` clauses of menus match: run.live, run.queued, run.placed (in the queue of a
 * cluster), run.finished or run.resumable; then whether the run is starred, archived, and has offsets.
 */
function contextValue(run: Run): string {
  const { record } = run;
  return [
    waitsForCluster(run) ? "run.placed" : stateWord(record),
    record.starred ? "starred" : "plain",
    record.archived ? "archived" : "kept",
    ...(host().hasOffsets(record.method) ? ["offsets"] : []),
  ].join(" ");
}

function stateWord({ status }: RunRecord): string {
  if (status === "queued") return "run.queued";
  if (isOpen(status)) return "run.live";
  return status === "finished" ? "run.finished" : "run.resumable";
}

/** Returns the details of a run as a list. Texts of the run are added as text, not as Markdown. */
export function runTooltip(record: RunRecord, where?: Where): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const line = (name: string, value: string | number | undefined): void => {
    if (value === undefined || value === "") return;
    text.appendMarkdown("\n- ").appendText(plainLine(`${name}: ${value}`));
  };
  text.appendMarkdown("**").appendText(plainLine(record.name)).appendMarkdown("**\n");
  line(vscode.l10n.t("Status"), statusOf(record));
  if (where !== undefined) {
    line(vscode.l10n.t("Cluster"), clusterText(record, where));
    line(vscode.l10n.t("Job"), where.job);
    line(vscode.l10n.t("Needs you"), clusterNeed(where));
    line(vscode.l10n.t("Why it waits"), isLive(record.status) ? undefined : clusterHelp(where));
  }
  line(vscode.l10n.t("Run"), record.id);
  line(vscode.l10n.t("Method"), record.method);
  line(vscode.l10n.t("Task"), record.task);
  line(vscode.l10n.t("Backbone"), record.backbone);
  line(vscode.l10n.t("Seed"), record.seed);
  line(vscode.l10n.t("Device"), deviceName(record));
  line(vscode.l10n.t("Trainable parameters"), record.trainable?.toLocaleString());
  const known = shownResult(record);
  if (known !== undefined)
    line(
      known.split === "test" ? vscode.l10n.t("Test {0}", known.name) : vscode.l10n.t("Validation {0}", known.name),
      known.value,
    );
  line(vscode.l10n.t("Tags"), record.tags.join(", "));
  line(vscode.l10n.t("Note"), record.note);
  line(vscode.l10n.t("Alerts"), record.warnings.length === 0 ? undefined : record.warnings.length);
  line(vscode.l10n.t("Newer version"), record.newer && localised(newerPhrase(record.newer)));
  line(vscode.l10n.t("Commit"), (record.resultCommit ?? record.snapshotCommit)?.slice(0, 10));
  line(vscode.l10n.t("Reproduction"), record.reproduced && reproductionText(record.name, record.reproduced));
  line(vscode.l10n.t("Error"), record.error && localised(record.error.phrase ?? record.error.message));
  return text;
}
