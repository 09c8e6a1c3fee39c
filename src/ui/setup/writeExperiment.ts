import { dirname, relative, sep } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { experimentOf, experimentText } from "../../experiment/experimentDraft.ts";
import type { ExperimentDraft } from "../../experiment/draftSchema.ts";
import { phrase } from "../../base/phrase.ts";
import { fileName } from "../../base/files/fileName.ts";
import { experimentNotes } from "./experimentNotes.ts";
import type { Folders } from "../window/folders.ts";

interface Place {
  folders: Folders;
  storage: vscode.Uri;
}

/**
 * Writes a draft as a readable experiment file, without overwriting another.
 * @returns undefined when the user chooses no folder
 */
export async function writeExperiment(
  draft: ExperimentDraft,
  sizes: Parameters<typeof experimentNotes>[1],
  place: Place,
): Promise<vscode.Uri | undefined> {
  const { task } = draft;
  const own = vscode.Uri.joinPath(place.storage, task.kind === "mail" ? "sample" : "experiments");
  if ((vscode.workspace.workspaceFolders?.length ?? 0) > 0) {
    const folder = await workspaceFolder(draft, place);
    return folder && writeIn(folder, draft, sizes);
  }
  const folder = task.kind === "mail" ? own : vscode.Uri.file(dirname(task.train));
  try {
    return await written(folder, draft, sizes, place);
  } catch (error) {
    if (!(error instanceof UserError) || task.kind === "mail") throw error;
    // The data's folder may be read-only, such as a mounted disk.
    const uri = await written(own, draft, sizes, place);
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        "Nothing can be written to {0}: the experiment and its runs are kept in {1}.",
        folder.fsPath,
        own.fsPath,
      ),
    );
    return uri;
  }
}

/** The workspace folder that contains the data, else the one that the user picks. */
async function workspaceFolder({ task }: ExperimentDraft, { folders }: Place): Promise<vscode.Uri | undefined> {
  const own = vscode.workspace.workspaceFolders ?? [];
  const holds = task.kind === "mail" ? undefined : folders.of(vscode.Uri.file(task.train));
  return (holds ?? (own.length > 1 ? await vscode.window.showWorkspaceFolderPick() : own[0]))?.uri;
}

/** Without a workspace the folder is registered as one that has runs, once the experiment is written there. */
async function written(
  folder: vscode.Uri,
  draft: ExperimentDraft,
  sizes: Parameters<typeof experimentNotes>[1],
  { folders }: Place,
): Promise<vscode.Uri> {
  const uri = await writeIn(folder, draft, sizes);
  await folders.use(folder);
  return uri;
}

async function writeIn(
  folder: vscode.Uri,
  draft: ExperimentDraft,
  sizes: Parameters<typeof experimentNotes>[1],
): Promise<vscode.Uri> {
  const text = experimentText(
    experimentOf(draft, (path) => pathIn(folder, path)),
    experimentNotes(draft.backbone, sizes),
  );
  const name = fileName(draft.name) || "experiment";
  for (let number = 1; ; number += 1) {
    const uri = vscode.Uri.joinPath(folder, `${name}${number === 1 ? "" : `-${number}`}.adept.json`);
    if (await exists(uri)) continue;
    try {
      await vscode.workspace.fs.createDirectory(folder);
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    } catch (error) {
      throw new UserError(
        "experiment-not-written",
        phrase`${uri.fsPath} could not be written: ${(error as Error).message}`,
      );
    }
    return uri;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

/** A path inside the folder relative to it, where the experiment file is; other paths stay absolute. */
function pathIn(folder: vscode.Uri, absolute: string): string {
  const path = relative(folder.fsPath, absolute);
  return path === "" || path.startsWith("..") || path === absolute ? absolute : path.split(sep).join("/");
}
