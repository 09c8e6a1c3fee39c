import { dirname, relative, sep } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../experiment/errors.ts";
import { experimentOf, experimentText, type ExperimentDraft } from "../experiment/experimentDraft.ts";
import { experimentNotes } from "./experimentNotes.ts";
import type { Folders } from "./folders.ts";

interface Place { folders: Folders; storage: vscode.Uri }

/** Writes a draft as a readable experiment file, beside what is there. @returns undefined when the user chooses no folder */
export async function writeExperiment(draft: ExperimentDraft, sizes: Parameters<typeof experimentNotes>[1], place: Place): Promise<vscode.Uri | undefined> {
  const folder = await folderFor(draft, place);
  if (folder === undefined) return undefined;
  const experiment = experimentOf(draft, (path) => pathIn(folder, path)), text = experimentText(experiment, experimentNotes(draft.backbone, sizes)), name = draft.name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80) || "experiment";
  for (let number = 1; ; number += 1) {
    const uri = vscode.Uri.joinPath(folder, `${name}${number === 1 ? "" : `-${number}`}.adept.json`);
    if (await exists(uri)) continue;
    try { await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text)); } catch (error) { throw new UserError(vscode.l10n.t("{0} could not be written: {1}", uri.fsPath, (error as Error).message)); }
    return uri;
  }
}

/** The workspace's folder; without one that of the data, and for the sample a folder of the extension's own. */
async function folderFor({ task }: ExperimentDraft, { folders, storage }: Place): Promise<vscode.Uri | undefined> {
  const own = vscode.workspace.workspaceFolders ?? [];
  if (own.length > 0) {
    const holds = task.kind === "file" ? folders.of(vscode.Uri.file(task.train)) : undefined;
    return (holds ?? (own.length > 1 ? await vscode.window.showWorkspaceFolderPick() : own[0]))?.uri;
  }
  const uri = task.kind === "file" ? vscode.Uri.file(dirname(task.train)) : vscode.Uri.joinPath(storage, "sample");
  await vscode.workspace.fs.createDirectory(uri);
  await folders.use(uri);
  return uri;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try { await vscode.workspace.fs.stat(uri); return true; } catch { return false; }
}

/** Relative to the experiment file, which lies in the folder itself, where that stays inside it. */
function pathIn(folder: vscode.Uri, absolute: string): string {
  const path = relative(folder.fsPath, absolute);
  return path === "" || path.startsWith("..") || path === absolute ? absolute : path.split(sep).join("/");
}
