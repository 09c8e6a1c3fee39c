import * as vscode from "vscode";
import type { ListedModels } from "../../protocol/listedModels.ts";
import { host } from "../window/host.ts";
import { askText } from "../window/askText.ts";

/** The process that lists models. */
export interface ModelLister {
  readonly storage: vscode.Uri;
  readonly workerPath: string;
}

type Listed = ListedModels["models"][number];
interface ModelItem extends vscode.QuickPickItem {
  /** Undefined: another name is asked for. */
  model?: string;
}

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

/**
 * Models to choose from.
 * @param text what names on the Hub are searched for; without it, the models that are known to work
 */
export const listModels = (
  { storage, workerPath }: ModelLister,
  text: string | undefined,
  signal: AbortSignal,
): Promise<ListedModels> =>
  host().modelsInWorker({ workerPath, nodePath: process.execPath, folder: storage.fsPath }, text, signal);

/** What is said of a model: its download, its memory, its licence. */
export function aboutModel({ parameters, bytes, memory, fits, licence, gated }: Listed): string {
  const t = vscode.l10n.t;
  return [
    parameters === undefined ? "" : t("{0} M parameters", Math.round(parameters / 1e6)),
    bytes === undefined ? "" : t("{0} MB to download", Math.round(bytes / 1e6)),
    memory === undefined ? "" : t("about {0} GB of memory to train", (memory / 1e9).toFixed(1)),
    fits ? "" : t("more than is free here"),
    licence ?? "",
    gated === true ? t("terms to accept on the Hub") : "",
  ]
    .filter((each) => each !== "")
    .join(", ");
}

const itemOf = (model: Listed, recommended: ListedModels["recommended"]): ModelItem => ({
  label: model.name,
  model: model.name,
  detail: aboutModel(model),
  description: [
    recommended.labels === model.name ? vscode.l10n.t("the smallest that learns labels") : "",
    recommended.answers === model.name ? vscode.l10n.t("the smallest that learns longer answers") : "",
  ]
    .filter((each) => each !== "")
    .join(", "),
});

/** Lets the user choose a model of the Hub: a known one, one that a search finds, or any by its name. */
export async function chooseModel(lister: ModelLister): Promise<string | undefined> {
  const title = vscode.l10n.t("Backbone from the Hugging Face Hub");
  const known = await listModels(lister, undefined, new AbortController().signal);
  const other: ModelItem = { label: `$(search) ${vscode.l10n.t("Another model…")}`, alwaysShow: true };
  const items = [...known.models.map((model) => itemOf(model, known.recommended)), other];
  const placeHolder = vscode.l10n.t("Small models that are known to work");
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder, matchOnDetail: true });
  if (chosen === undefined || chosen.model !== undefined) return chosen?.model;
  const text = await askName(title);
  if (text === undefined || REPOSITORY.test(text)) return text;
  return chooseFound(lister, { title, text });
}

async function askName(title: string): Promise<string | undefined> {
  const text = await askText({
    title,
    prompt: vscode.l10n.t(
      "A supported model, as owner/name, or a part of its name to search for. Its files are downloaded and checked; nothing is sent but this request.",
    ),
    placeHolder: "google-t5/t5-small",
    validateInput: (value) =>
      /^[\w.-]+(\/[\w.-]+)?$/.test(value.trim()) ? undefined : vscode.l10n.t("Write it as owner/name"),
  });
  return text?.trim();
}

/** Searches the Hub and lets the user choose from what was found. */
async function chooseFound(
  lister: ModelLister,
  { title, text }: { title: string; text: string },
): Promise<string | undefined> {
  const abort = new AbortController();
  const progress = {
    location: vscode.ProgressLocation.Notification,
    cancellable: true,
    title: vscode.l10n.t("Searching the Hub for {0}", text),
  };
  const found = await vscode.window.withProgress(progress, async (_, token) => {
    token.onCancellationRequested(() => {
      abort.abort();
    });
    try {
      return await listModels(lister, text, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      throw error;
    }
  });
  if (found === undefined) return undefined;
  const placeHolder =
    found.models.length === 0
      ? vscode.l10n.t('The Hub has no model of a supported type with "{0}" in its name', text)
      : vscode.l10n.t("Models of supported types, the most downloaded first");
  const items = found.models.map((model) => itemOf(model, {}));
  return (await vscode.window.showQuickPick(items, { title, placeHolder, matchOnDetail: true }))?.model;
}
