import { basename, dirname, extname, relative, sep } from "node:path";
import * as vscode from "vscode";
import { UserError } from "../experiment/errors.ts";
import type { ExperimentInput } from "../experiment/experiment.ts";
import { host } from "./host.ts";
import { readHead } from "./readHead.ts";

const DATA = [".jsonl", ".csv", ".tsv"];
const DEFAULT_BUDGET = 12_800;
/** What the sample trains well with, as examples/mail.adept.json has it. */
const SAMPLE: { method?: object; training?: ExperimentInput["training"] } = {
  method: { initText: "choose ham or spam or positive or negative. text:" },
  training: { steps: 1000, maxSourceLength: 96, maxTargetLength: 4, selection: "loss", validationLimit: 300, testLimit: 600 },
};

/** Asks for data, backbone and budget, and writes a new experiment file. Undefined when the user backs out. */
export async function createExperiment(): Promise<vscode.Uri | undefined> {
  const folder = await chooseFolder();
  if (folder === undefined) return undefined;
  const chosen = await chooseTask(folder);
  if (chosen === undefined) return undefined;
  const backbone = await chooseBackbone(folder);
  if (backbone === undefined) return undefined;
  const budget = await chooseBudget();
  if (budget === undefined) return undefined;
  const sample = chosen.task.kind === "mail" ? SAMPLE : {};
  const experiment: ExperimentInput = { name: chosen.name, backbone, task: chosen.task, method: { kind: "adept", budget, ...sample.method }, ...(sample.training && { training: sample.training }) };
  const uri = await writeNew(folder.uri, chosen.name, experiment);
  await vscode.window.showTextDocument(uri);
  return uri;
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0];
}

async function chooseTask(folder: vscode.WorkspaceFolder): Promise<{ name: string; task: ExperimentInput["task"] } | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const mail = { label: vscode.l10n.t("Sample: spam or ham mail"), description: vscode.l10n.t("comes with ADePT Lab") };
  const current: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = active?.scheme === "file" && isData(active.fsPath) ? [{ label: basename(active.fsPath), description: vscode.l10n.t("the active file"), uri: active }] : [];
  const other: vscode.QuickPickItem = { label: vscode.l10n.t("A JSONL, CSV or TSV file…") };
  const items: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = [mail, ...current, other];
  const picked = await vscode.window.showQuickPick(items, { title: step(1), placeHolder: vscode.l10n.t("What data is it trained on?") });
  if (picked === undefined) return undefined;
  if (picked === mail) return { name: "mail", task: { kind: "mail" } };
  const file = picked.uri ?? (await vscode.window.showOpenDialog({ defaultUri: folder.uri, filters: { [vscode.l10n.t("Data")]: DATA.map((each) => each.slice(1)) } }))?.[0];
  if (file === undefined) return undefined;
  const columns = columnsOf(file.fsPath);
  const source = await vscode.window.showQuickPick(columns, { title: step(1), placeHolder: vscode.l10n.t("Columns that make up the input"), canPickMany: true });
  if (source === undefined || source.length === 0) return undefined;
  const target = await vscode.window.showQuickPick(columns.filter((column) => !source.includes(column)), { title: step(1), placeHolder: vscode.l10n.t("Column with the expected output") });
  if (target === undefined) return undefined;
  const template = source.length === 1 ? `{${source[0] ?? ""}}` : source.map((column) => `${column}: {${column}}`).join(" ");
  return { name: basename(file.fsPath, extname(file.fsPath)), task: { kind: "file", train: pathIn(folder, file), source: template, target: `{${target}}` } };
}

async function chooseBackbone(folder: vscode.WorkspaceFolder): Promise<string | undefined> {
  const embedded = { label: "tiny-t5", description: vscode.l10n.t("embedded, trains in minutes on a CPU") };
  const other = { label: vscode.l10n.t("A folder with a Hugging Face T5 model…") };
  const picked = await vscode.window.showQuickPick([embedded, other], { title: step(2), placeHolder: vscode.l10n.t("Which frozen backbone?") });
  if (picked === undefined || picked === embedded) return picked && "tiny-t5";
  const chosen = (await vscode.window.showOpenDialog({ defaultUri: folder.uri, canSelectFiles: false, canSelectFolders: true }))?.[0];
  return chosen && pathIn(folder, chosen);
}

async function chooseBudget(): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: step(3), prompt: vscode.l10n.t("Most trainable parameters"), value: String(DEFAULT_BUDGET),
    validateInput: (value) => (parseBudget(value) === undefined ? vscode.l10n.t("A whole number from 1 to 1,000,000,000") : undefined),
  });
  return text === undefined ? undefined : parseBudget(text);
}

export function parseBudget(text: string): number | undefined {
  const digits = text.trim().replace(/[,_ ]/g, "");
  const value = Number(digits);
  return /^\d+$/.test(digits) && value >= 1 && value <= 1e9 ? value : undefined;
}

/** Column names: the header of a table, the keys of a JSON line. */
function columnsOf(file: string): string[] {
  const line = readHead(file).replace(/^\uFEFF/, "");
  try {
    if (extname(file).toLowerCase() === ".jsonl") {
      const first: unknown = JSON.parse(line.split("\n").find((each) => each.trim() !== "") ?? "");
      if (typeof first === "object" && first !== null) return Object.keys(first);
    } else {
      const [header] = host().parseTable(line, { delimiter: extname(file).toLowerCase() === ".tsv" ? "\t" : ",", to_line: 1, relax_column_count: true });
      if (Array.isArray(header) && header.length > 1) return header.map(String);
    }
  } catch { /* told below */ }
  throw new UserError(vscode.l10n.t("{0} has no columns that can be read.", basename(file)), vscode.l10n.t("The first line must name at least two columns, or be a JSON object."));
}

/** Writes beside what is there: name.adept.json, name-2.adept.json, … */
async function writeNew(folder: vscode.Uri, name: string, experiment: ExperimentInput): Promise<vscode.Uri> {
  for (let number = 1; ; number += 1) {
    const uri = vscode.Uri.joinPath(folder, `${name}${number === 1 ? "" : `-${number}`}.adept.json`);
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(uri, { overwrite: false, ignoreIfExists: false, contents: new TextEncoder().encode(`${JSON.stringify(experiment, undefined, 2)}\n`) });
    if (await exists(uri)) continue;
    if (!await vscode.workspace.applyEdit(edit)) throw new UserError(vscode.l10n.t("{0} could not be written.", uri.fsPath));
    return uri;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try { await vscode.workspace.fs.stat(uri); return true; } catch { return false; }
}

function isData(file: string): boolean { return DATA.includes(extname(file).toLowerCase()); }

/** Relative to the experiment file, which lies in the folder itself, where that stays inside it. */
function pathIn(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  const path = relative(folder.uri.fsPath, uri.fsPath);
  return path === "" || path.startsWith("..") || dirname(uri.fsPath) === uri.fsPath ? uri.fsPath : path.split(sep).join("/");
}

function step(number: number): string { return vscode.l10n.t("New ADePT experiment ({0}/3)", number); }
