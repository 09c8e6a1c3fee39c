import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { host } from "../window/host.ts";
import { Setting } from "../window/ids.ts";
import { textSetting } from "../window/settings.ts";

export type BackboneChoice = "embedded" | "folder" | "hub";

/** Where the frozen model comes from. @returns "tiny-t5", an absolute path, or undefined when the user backs out */
export async function chooseBackbone(
  how: BackboneChoice,
  { storage, workerPath, log }: { storage: vscode.Uri; workerPath: string; log: vscode.LogOutputChannel },
): Promise<string | undefined> {
  if (how === "embedded") return "tiny-t5";
  if (how === "folder") {
    const chosen = (
      await vscode.window.showOpenDialog({
        canSelectFiles: false,
        canSelectFolders: true,
        openLabel: vscode.l10n.t("Use This Model"),
      })
    )?.[0];
    if (chosen !== undefined && !existsSync(join(chosen.fsPath, "config.json")))
      throw new UserError(
        vscode.l10n.t("{0} holds no model: it has no config.json.", chosen.fsPath),
        vscode.l10n.t("Choose the folder of a Hugging Face T5 model."),
      );
    return chosen?.fsPath;
  }
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t("Backbone from the Hugging Face Hub"),
    prompt: vscode.l10n.t(
      "A T5 model, as owner/name. Its files are downloaded and checked; nothing is sent but this request.",
    ),
    placeHolder: "google/t5-v1_1-small",
    validateInput: (value) =>
      /^[\w.-]+(\/[\w.-]+)?$/.test(value.trim()) ? undefined : vscode.l10n.t("Write it as owner/name"),
  });
  if (name === undefined) return undefined;
  const own = textSetting(Setting.backbonesFolder);
  const folder = join(
    own === "" ? vscode.Uri.joinPath(storage, "backbones").fsPath : own,
    name.trim().replace("/", "--"),
  );
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: vscode.l10n.t("Downloading {0}", name.trim()),
    },
    async (progress, token) => {
      const abort = new AbortController();
      let told = 0;
      token.onCancellationRequested(() => {
        abort.abort();
      });
      log.info(`download ${name.trim()} to ${folder}`);
      try {
        await host().downloadInWorker(
          { workerPath, nodePath: process.execPath, folder: storage.fsPath },
          { name: name.trim(), out: folder },
          {
            signal: abort.signal,
            onProgress: ({ file, done, total }) => {
              const part = total === 0 ? 100 : (100 * done) / total;
              progress.report({
                increment: part - told,
                message: `${file}, ${(done / 1e6).toFixed(0)}/${(total / 1e6).toFixed(0)} MB`,
              });
              told = part;
            },
          },
        );
        return folder;
      } catch (error) {
        if (abort.signal.aborted) return undefined;
        throw error;
      }
    },
  );
}
