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
import { askText } from "../window/askText.ts";

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
  // The user types while the run's task is read: the token worker may be busy for seconds with a setup page.
  const reading = tokens.get().reading(run.directory.path);
  reading.catch(() => {
    /* told where it is awaited */
  });
  const texts = await textsFor(run, () =>
    cancellableWait(vscode.l10n.t("Reading the run's task…"), async () => ({ known: await reading })),
  );
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

/**
 * Returns the selected rows of data as the task reads them, else the selection, else a text that the user types.
 * @param read waits for how the task reads a row; undefined: the user has cancelled that
 */
async function textsFor(
  run: Run,
  read: () => Promise<{ known: RowReading } | undefined>,
): Promise<string[] | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (editor !== undefined && !editor.selection.isEmpty) {
    const known = (await read())?.known;
    return known && selectedTexts(editor, known);
  }
  const typed = await askText({
    title: vscode.l10n.t('Predict with "{0}"', run.record.name),
    prompt: vscode.l10n.t(
      "A text; what the task adds to it is added. For a task with several fields: the text as the model reads it",
    ),
  });
  if (typed === undefined || typed.trim() === "") return undefined;
  const known = (await read())?.known;
  return known && [asInput(typed, known.reading)];
}

/** Returns the selected rows as the task reads them; the selection where they are not such rows. */
function selectedTexts({ document, selection }: vscode.TextEditor, rowReading: RowReading): string[] {
  const rows = new DocumentRows(document, rowReading.headerless);
  const selected = selectedRows(rows, selection);
  const texts = selected?.flatMap((row) => rows.texts(row, rowReading)) ?? [];
  const asTask = selected !== undefined && texts.length === selected.length && texts.every((each) => each.asTask);
  return asTask
    ? texts.slice(0, MOST_TEXTS).map(({ text }) => text)
    : [asInput(document.getText(selection), rowReading.reading)];
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
