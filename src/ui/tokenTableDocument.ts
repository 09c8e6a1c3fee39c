import * as vscode from "vscode";
import type { EditorHeatmap } from "./editorHeatmap.ts";

const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The tokens in sight as rows: what a heatmap shows, for who does not see it, or wants to count. */
export async function showTable(heatmap: EditorHeatmap): Promise<void> {
  const { document } = heatmap.editor, { measure, run } = heatmap.choice;
  const rows = heatmap.tokens().map(({ line, from, to, id, place, value }) => [line + 1, from + 1, quote(document.lineAt(line).text.slice(from, to)), id, place, value ?? ""].join(","));
  const content = [`line,column,text,token,place,${measure} of ${quote(run.id)}`, ...rows].join("\n");
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "csv", content: `${content}\n` }), { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
}
