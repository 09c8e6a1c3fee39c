import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { isGgufName } from "../../base/files/ggufName.ts";
import { localModels, shownName } from "../../base/localModels/localModels.ts";
import { phrase } from "../../base/phrase.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import { host } from "../window/host.ts";
import { Setting } from "../window/ids.ts";
import { textSetting } from "../window/settings.ts";
import { chooseModel } from "./chooseModel.ts";

/**
 * The source of the backbone: comes with the extension, a folder or a GGUF file on disk, the Hugging Face Hub, or a
 * model that is here and has a name; with the model's name where it is chosen already.
 */
export interface BackboneChoice {
  how: "embedded" | "folder" | "file" | "hub" | "downloaded";
  name?: string | undefined;
}

interface BackboneParts {
  readonly storage: vscode.Uri;
  readonly workerPath: string;
  readonly log: vscode.LogOutputChannel;
}

/** A model that is here: its name, and its folder or its GGUF file. */
export interface NamedBackbone {
  name: string;
  folder: string;
  /** Why it cannot be chosen, in a few words of the window's language; undefined: it can, or nobody has looked yet. */
  problem?: string;
}

/**
 * Lets the user choose the backbone.
 * @param here the models to which a name can lead
 * @returns "tiny-t5", an absolute path, or undefined when the user cancels
 */
export async function chooseBackbone(
  { how, name: named }: BackboneChoice,
  parts: BackboneParts,
  here: readonly NamedBackbone[],
): Promise<string | undefined> {
  switch (how) {
    case "embedded":
      return "tiny-t5";
    case "folder":
      return chooseFolder();
    case "file":
      return chooseFile();
    case "downloaded":
      return here.find(({ name }) => name === named)?.folder;
    case "hub": {
      const name = named ?? (await chooseModel(parts));
      return name === undefined ? undefined : download(name, parts);
    }
  }
}

const MOST_LISTED = 50;

/** The folder in which downloaded models are kept, each in a folder of its own. */
function backbonesFolder(storage: vscode.Uri): string {
  const own = textSetting(Setting.backbonesFolder);
  return own === "" ? vscode.Uri.joinPath(storage, "backbones").fsPath : own;
}

/** The models that were downloaded before, by name. */
export function downloadedBackbones({ storage }: Pick<BackboneParts, "storage">): NamedBackbone[] {
  const parent = backbonesFolder(storage);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => existsSync(join(parent, name, "config.json")))
    .sort()
    .slice(0, MOST_LISTED)
    .map((name) => ({ name: name.replace("--", "/"), folder: join(parent, name) }));
}

/** The GGUF models of other programs, by name with their size; two of the same name are told apart by a number. */
export function keptBackbones(): NamedBackbone[] {
  const names = new Map<string, number>();
  return localModels()
    .slice(0, MOST_LISTED)
    .map((model) => {
      const name = `${shownName(model)}, ${bytesText(model.bytes)}`;
      const number = (names.get(name) ?? 0) + 1;
      names.set(name, number);
      return { name: number === 1 ? name : `${name} (${number})`, folder: model.path };
    });
}

/** A dialog for files apart from that for folders: not every system has one for both. */
async function chooseFile(): Promise<string | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: true,
      canSelectFolders: false,
      filters: { GGUF: ["gguf"] },
      openLabel: vscode.l10n.t("Use This Model"),
    })) ?? [];
  if (chosen !== undefined && !isGgufName(chosen.fsPath))
    throw new UserError(
      "file-name-not-gguf",
      phrase`${chosen.fsPath} is no GGUF file: its name does not end in .gguf.`,
      phrase`Choose a GGUF file, or the folder of a supported Hugging Face model.`,
    );
  return chosen?.fsPath;
}

async function chooseFolder(): Promise<string | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: vscode.l10n.t("Use This Model"),
    })) ?? [];
  if (chosen !== undefined && !existsSync(join(chosen.fsPath, "config.json")))
    throw new UserError(
      "folder-without-model",
      phrase`${chosen.fsPath} holds no model: it has no config.json.`,
      phrase`Choose the folder of a supported Hugging Face model, or a GGUF file.`,
    );
  return chosen?.fsPath;
}

/** Downloads a model from the Hub. @returns its folder, or undefined when the user cancels */
async function download(name: string, { storage, workerPath, log }: BackboneParts): Promise<string | undefined> {
  const folder = join(backbonesFolder(storage), name.replace("/", "--"));
  const abort = new AbortController();
  const title = vscode.l10n.t("Downloading {0}", name);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title },
    async (progress, token) => {
      token.onCancellationRequested(() => {
        abort.abort();
      });
      log.info(`download ${name} to ${folder}`);
      try {
        await host().downloadInWorker(
          { workerPath, nodePath: process.execPath, folder: storage.fsPath },
          { name, out: folder },
          { signal: abort.signal, onProgress: progressReporter(progress) },
        );
        return folder;
      } catch (error) {
        if (abort.signal.aborted) return undefined;
        throw error;
      }
    },
  );
}

/** Converts a file's downloaded bytes into the increments in percent that VS Code's progress takes. */
function progressReporter(
  progress: vscode.Progress<{ message?: string; increment?: number }>,
): (report: { file: string; done: number; total: number }) => void {
  let reported = 0;
  return ({ file, done, total }) => {
    const percent = total === 0 ? 100 : (100 * done) / total;
    const message = `${file}, ${(done / 1e6).toFixed(0)}/${(total / 1e6).toFixed(0)} MB`;
    progress.report({ increment: percent - reported, message });
    reported = percent;
  };
}
