import * as vscode from "vscode";
import type { RunFilter, SortKey } from "./runFilter.ts";
import { statusText } from "./runText.ts";

/** Returns what a filter selects, in words; "" for a filter that shows all runs. */
export const filterText = (filter: RunFilter): string =>
  [
    filter.text === "" ? "" : `“${filter.text}”`,
    ...filter.statuses.map(statusText),
    ...filter.methods,
    ...filter.tasks,
    ...filter.tags.map((tag) => `#${tag}`),
    filter.starred ? vscode.l10n.t("starred") : "",
    filter.archived ? vscode.l10n.t("with archived") : "",
  ]
    .filter((part) => part !== "")
    .join(", ");

/** Returns an order of the list in words. */
export function sortName(sort: SortKey): string {
  switch (sort) {
    case "newest":
      return vscode.l10n.t("newest first");
    case "oldest":
      return vscode.l10n.t("oldest first");
    case "name":
      return vscode.l10n.t("by name");
    case "metric":
      return vscode.l10n.t("best first");
    case "status":
      return vscode.l10n.t("by status");
  }
}
