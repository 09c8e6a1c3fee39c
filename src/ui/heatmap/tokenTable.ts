import { basename } from "node:path";
import * as vscode from "vscode";
import type { EditorHeatmap } from "./editorHeatmap.ts";
import type { ReadOnlyDocuments } from "../window/readOnlyDocuments.ts";

const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The tokens in sight as rows: what a heatmap shows, for who does not see it, or wants to count. */
export async function showTokenTable(heatmap: EditorHeatmap, documents: ReadOnlyDocuments): Promise<void> {
  const { document } = heatmap.editor;
  const { measure, run } = heatmap.choice;
  const rows = heatmap
    .tokens()
    .map(({ line, from, to, id, place, value }) =>
      [line + 1, from + 1, quote(document.lineAt(line).text.slice(from, to)), id, place, value ?? ""].join(","),
    );
  const content = [`line,column,text,token,place,${measure} of ${quote(run.id)}`, ...rows].join("\n");
  await documents.show(
    vscode.l10n.t("Tokens of {0}", `${basename(document.fileName)}.csv`),
    `${content}
`,
  );
}
