import { basename } from "node:path";
import * as vscode from "vscode";

/** Asks where to save a figure's picture or table and writes it there, also in a remote workspace. */
export async function exportFile(
  { name, format, data }: { name: string; format: "png" | "csv"; data: string },
  folder: vscode.Uri,
): Promise<vscode.Uri | undefined> {
  const filters: Record<string, string[]> =
    format === "png" ? { [vscode.l10n.t("Picture")]: ["png"] } : { [vscode.l10n.t("Table")]: ["csv"] };
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, basename(name)),
    filters,
  });
  if (target !== undefined)
    await vscode.workspace.fs.writeFile(
      target,
      format === "png" ? Buffer.from(data, "base64") : Buffer.from(data, "utf8"),
    );
  return target;
}
