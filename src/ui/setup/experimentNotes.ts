import * as vscode from "vscode";
import type { ExperimentNotes } from "../../experiment/experimentDraft.ts";

/** The comments in a written experiment file. @param sizes prompt length and bottleneck that the budget allows */
export function experimentNotes(
  backbone: string,
  sizes: { promptLength: number; bottleneck: number; count: number } | undefined,
): ExperimentNotes {
  const t = vscode.l10n.t;
  return {
    head: t(
      'An experiment of ADePT Lab: train it by the button above, by "ADePT: Train ADePT", or by `adept train` in a terminal.',
    ),
    backbone:
      backbone === "tiny-t5"
        ? t("embedded; or the path of the folder of a supported Hugging Face model, or of a GGUF file")
        : t('the folder of a supported Hugging Face model, a GGUF file, or "tiny-t5", which is embedded'),
    source: t("what the model reads of each row: your words, and columns in braces"),
    target: t("what it should answer"),
    budget:
      sizes === undefined
        ? t("most trainable parameters")
        : t(
            "most trainable parameters: a prompt of {0} tokens and {1} hidden units, {2} in all",
            sizes.promptLength,
            sizes.bottleneck,
            sizes.count,
          ),
    maxSourceLength: t("tokens of each text that are read"),
  };
}
