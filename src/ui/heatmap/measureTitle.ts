import * as vscode from "vscode";
import type { Measure } from "../../protocol/measures.ts";

/** Returns the name of a measure, as the legend and the list of measures show it. */
export function measureTitle(measure: Measure): string {
  switch (measure) {
    case "norm":
      return vscode.l10n.t("Offset norm");
    case "units":
      return vscode.l10n.t("Hidden units on");
    case "cosine":
      return vscode.l10n.t("Cosine to the mean offset");
    case "position":
      return vscode.l10n.t("Offset norm of the place (DePT)");
  }
}
