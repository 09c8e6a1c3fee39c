import { basename } from "node:path";
import * as vscode from "vscode";
import type { ReadOnlyDocuments } from "../window/readOnlyDocuments.ts";
import type { EditorHeatmap } from "./editorHeatmap.ts";

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Opens the visible tokens of a heatmap as a CSV document, for users who cannot see its colours or want to calculate
 * with its values.
 */
export async function showTokenTable(heatmap: EditorHeatmap, documents: ReadOnlyDocuments): Promise<void> {
  const { document } = heatmap.editor;
  const { measure, run } = heatmap.choice;
  const rows = heatmap
    .tokens()
    .map(({ line, from, to, id, position, value }) =>
      [line + 1, from + 1, quoted(document.lineAt(line).text.slice(from, to)), id, position, value ?? ""].join(","),
    );
  const content = [`line,column,text,token,place,${measure} of ${quoted(run.id)}`, ...rows].join("\n");
  await documents.show(vscode.l10n.t("Tokens of {0}", `${basename(document.fileName)}.csv`), `${content}\n`);
}
