import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { isLive } from "../../record/record.ts";
import { MEASURES } from "../../protocol/measures.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { measureTitle } from "../heatmap/measureTitle.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import type { Run } from "../runs/runsModel.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { showTokenTable } from "../heatmap/tokenTable.ts";

type Ids =
  | typeof Command.showHeatmap
  | typeof Command.hideHeatmap
  | typeof Command.heatmapMeasure
  | typeof Command.heatmapBeside
  | typeof Command.tokenTable;

/** Whether a run has offsets that a heatmap can show. */
export const hasHeatmap = ({ record }: Run): boolean =>
  host().hasOffsets(record.method) &&
  !isLive(record.status) &&
  record.status !== "queued" &&
  record.status !== "failed";

/** Commands that show a run's offsets over the text of an editor. */
export function heatmapCommands(context: CommandContext): CommandHandlers<Ids> {
  const { heatmaps, documents } = context;
  return {
    [Command.showHeatmap]: (argument) => show(argument, context),
    [Command.hideHeatmap]: () => {
      const editor = vscode.window.activeTextEditor;
      if (editor === undefined) heatmaps.hideAll();
      else heatmaps.hide(editor.document.uri);
    },
    [Command.heatmapMeasure]: () => chooseMeasure(context),
    [Command.heatmapBeside]: () => showBeside(context),
    [Command.tokenTable]: async () => {
      const shown = heatmaps.active();
      if (shown === undefined) throw noHeatmap();
      await showTokenTable(shown, documents);
    },
  };
}

const noHeatmap = (): UserError =>
  new UserError("heatmap-missing", phrase`This editor shows no heatmap.`, phrase`Show one first.`);

/** Shows another run over the same text in an editor beside. */
async function showBeside({ heatmaps, pick }: CommandContext): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const shown = heatmaps.active();
  if (editor === undefined || shown === undefined)
    throw new UserError(
      "heatmap-to-compare-missing",
      phrase`This editor shows no heatmap to compare with.`,
      phrase`Show one first.`,
    );
  const run = await pick.one(undefined, (each) => hasHeatmap(each) && each.id !== shown.choice.run.id);
  if (run === undefined) return;
  const { document } = editor;
  const beside = await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: false,
  });
  beside.revealRange(editor.visibleRanges[0] ?? new vscode.Range(0, 0, 0, 0), vscode.TextEditorRevealType.AtTop);
  await cancellableWait(vscode.l10n.t("Reading the run's offsets…"), (signal) =>
    heatmaps.show(document, run, { editor: beside, measure: shown.choice.measure, signal }),
  );
}

/** Shows a heatmap over the active editor's text, or over the data that the run was trained on. */
async function show(argument: unknown, { heatmaps, pick }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const fromList = argument !== undefined && !(argument instanceof vscode.Uri);
  const run = await pick.one(fromList ? argument : undefined, hasHeatmap);
  const active = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (run === undefined) return;
  // A run chosen in the list is shown over its own data, if an editor can show that file.
  const own = dataOf(run);
  const uri = fromList ? (own ?? active) : (active ?? own);
  if (uri === undefined)
    throw new UserError("heatmap-text-missing", phrase`No text is open to show offsets over.`, OPEN_ONE);
  const document = await shownText(uri);
  await cancellableWait(vscode.l10n.t("Reading the run's offsets…"), (signal) =>
    heatmaps.show(document, run, { signal }),
  );
}

const OPEN_ONE = phrase`Open a text, JSONL or CSV file.`;

/**
 * Opens a file in an editor.
 * @throws UserError if it is not text, too large for an editor, or gone
 */
async function shownText(uri: vscode.Uri): Promise<vscode.TextDocument> {
  try {
    return (await vscode.window.showTextDocument(uri, { preview: false })).document;
  } catch (error) {
    throw new UserError(
      "document-not-text",
      phrase`${uri.fsPath} cannot be shown as text: ${error instanceof Error ? error.message : String(error)}`,
      OPEN_ONE,
    );
  }
}

/** Returns the file that a run was trained on, if its data is a text file that still exists. */
function dataOf(run: Run): vscode.Uri | undefined {
  const { task } = host().locatedExperiment(run.directory);
  return "train" in task && !/\.(parquet|gz)$/i.test(task.train) && existsSync(task.train)
    ? vscode.Uri.file(task.train)
    : undefined;
}

/** Asks which measure the active editor's heatmap shows, or whether it is hidden. */
async function chooseMeasure({ heatmaps }: CommandContext): Promise<void> {
  const shown = heatmaps.active();
  if (shown === undefined) throw noHeatmap();
  const { opened, measure } = shown.choice;
  const items = MEASURES.filter((each) => opened.measures[each] !== undefined).map((each) => ({
    label: measureTitle(each),
    description: each === measure ? vscode.l10n.t("shown") : "",
    measure: each,
  }));
  const off = { label: vscode.l10n.t("$(eye-closed) Hide the heatmap"), description: "", measure: undefined };
  const chosen = await vscode.window.showQuickPick([...items, off], {
    placeHolder: vscode.l10n.t("What of each token is shown?"),
  });
  if (chosen === undefined) return;
  if (chosen.measure === undefined) heatmaps.hide(shown.editor.document.uri);
  else heatmaps.setMeasure(shown.editor.document.uri, chosen.measure);
}
