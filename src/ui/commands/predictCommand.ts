import * as vscode from "vscode";
import type { Explanation } from "../../protocol/explanation.ts";
import { isLive } from "../../record/record.ts";
import type { ReadingPart, RowReading } from "../../experiment/templateParts.ts";
import type { CommandContext } from "./commandContext.ts";
import { DocumentRows } from "../heatmap/documentRows.ts";
import { host } from "../window/host.ts";
import { visibleSpaces } from "../heatmap/visibleSpaces.ts";
import { cancellableProgress } from "../window/cancellableProgress.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import type { Run } from "../runs/runsModel.ts";
import { selectedRows } from "../heatmap/selectedRows.ts";

/** Whether a run has a trained model to predict with. */
const canPredict = ({ record }: Run): boolean =>
  !isLive(record.status) && record.status !== "queued" && record.status !== "failed";
/** Rows that are predicted at once. */
const MOST_TEXTS = 20;
/** Characters of a text that the worker gets: the model reads far fewer. */
const LONGEST_TEXT = 50_000;

/**
 * Predicts on the selection, on a row as the run's task reads it, or on typed text, and says what each token's offset
 * did for the answer.
 */
export async function predictWithRun(
  argument: unknown,
  { pick, tokens, documents, workerPath, log }: CommandContext,
): Promise<void> {
  if (!(await ensureTrusted())) return;
  const run = await pick.one(argument, canPredict);
  if (run === undefined) return;
  const known = await cancellableWait(vscode.l10n.t("Reading the run's task…"), async () => ({
    reading: await tokens.get().reading(run.directory.path),
  }));
  const texts = known && (await textsFor(run, known.reading));
  if (texts === undefined || texts.length === 0) return;
  const place = { workerPath, nodePath: process.execPath, folder: run.folder.uri.fsPath };
  const question = { runPath: run.directory.path, texts: texts.map((text) => text.slice(0, LONGEST_TEXT)) };
  const results =
    (await cancellableProgress(vscode.l10n.t('Predicting with "{0}"', run.record.name), (signal) =>
      host().explainInWorker(place, question, signal),
    )) ?? [];
  if (results.length === 0) return;
  log.info(`predict with ${run.id}: ${results.length} texts`);
  await documents.show(vscode.l10n.t("Prediction of {0}", `${run.record.name}.md`), report(run, results));
}

/** Returns the selected rows of data as the task reads them, else the selection, else a text that the user types. */
async function textsFor(run: Run, rowReading: RowReading): Promise<string[] | undefined> {
  const { reading } = rowReading;
  const editor = vscode.window.activeTextEditor;
  if (editor !== undefined && !editor.selection.isEmpty) {
    const rows = new DocumentRows(editor.document, rowReading.headerless);
    const selected = selectedRows(rows, editor.selection);
    const texts = selected?.flatMap((row) => rows.texts(row, rowReading)) ?? [];
    const asTask = selected !== undefined && texts.length === selected.length && texts.every((each) => each.asTask);
    return asTask
      ? texts.slice(0, MOST_TEXTS).map(({ text }) => text)
      : [asInput(editor.document.getText(editor.selection), reading)];
  }
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Predict with "{0}"', run.record.name),
    prompt:
      reading === undefined
        ? vscode.l10n.t("The text as the model reads it")
        : vscode.l10n.t("A text; what the task adds to it is added"),
  });
  return typed === undefined || typed.trim() === "" ? undefined : [asInput(typed, reading)];
}

/** Puts a text in the place of the task's only field. If the task has several fields, the text is the whole input. */
function asInput(text: string, reading: readonly ReadingPart[] | undefined): string {
  const fields = reading?.filter((part) => "fields" in part) ?? [];
  return fields.length !== 1 || reading === undefined
    ? text
    : reading.map((part) => ("literal" in part ? part.literal : text)).join("");
}

/** Returns a token's text for a cell of a Markdown table. */
const tableCell = (text: string): string =>
  visibleSpaces(text)
    .replaceAll("|", "\\|")
    .replaceAll("`", "ˋ")
    .replace(/[\r\n]+/g, "⏎");

/** Returns the predictions as a Markdown document. */
function report(run: Run, results: readonly Explanation[]): string {
  const t = vscode.l10n.t;
  const parts = results.map(({ input, prediction, probability, tokens, cut }) => {
    const hasEffects = tokens.some(({ effect }) => effect !== undefined);
    const lines = [
      `## ${prediction.replace(/\s+/g, " ")}`,
      "",
      t("Probability {0} % of the answer as a whole.", (100 * probability).toFixed(1)),
      "",
      `> ${input.replace(/\s+/g, " ")}`,
      "",
    ];
    if (cut > 0) lines.push(t("{0} tokens at its end were not read.", cut), "");
    if (hasEffects) {
      lines.push(
        `| ${[t("Token"), t("Offset norm"), t("Without its offset (nats)")].join(" | ")} |`,
        "|---|---:|---:|",
      );
      for (const { text, norm, effect } of tokens)
        lines.push(
          `| \`${tableCell(text)}\` | ${norm?.toPrecision(4) ?? ""} | ${effect === undefined ? "" : effect.toFixed(4)} |`,
        );
      lines.push("", t("Positive: the answer is less likely without that token's offset."));
    }
    return lines.join("\n");
  });
  return [`# ${run.record.name.replace(/\s+/g, " ")}`, ...parts].join("\n\n");
}
