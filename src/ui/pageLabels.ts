import * as vscode from "vscode";
import type { Labels } from "../../webview/messages.ts";

/** The page's texts, translated here because the page has no l10n of its own. */
export function pageLabels(): Labels {
  const t = vscode.l10n.t;
  return {
    stop: t("Stop"), resume: t("Resume"), copyId: t("Copy Run ID"), openFolder: t("Open Run Folder"), showLog: t("Show Log"),
    loss: t("Loss"), training: t("training"), validation: t("validation"), learningRate: t("Learning rate"), gradientNorm: t("Gradient norm"), updateRatio: t("Update / weight"),
    step: t("Step"), metric: t("Model"), difference: t("Trained minus this (points)"), differencePlain: t("Trained minus this"), testOf: t("Test {0}"),
    trained: t("Trained"), untrained: t("Untrained"), ffnOff: t("FFN off"), promptOff: t("Prompt off"), positionsOff: t("Positions off"), majority: t("Majority class"), notMeasured: t("not measured yet"),
    parameters: t("Trainable parameters"), device: t("Device"), examples: t("Train / validation / test examples"), speed: t("Tokens"), adapter: t("Adapter"), commit: t("Commit"),
    warnings: t("Warnings"), progress: t("Training progress"), asTable: t("Show as table"), lossTable: t("Loss by step"), logScale: t("Logarithmic scale"),
    lossOf: t("Training loss from {0} to {1} at step {2}"), gone: t("This run no longer exists."), method: t("Method"), task: t("Task"), backbone: t("Backbone"), seed: t("Seed"),
    run: t("Run"), every: t("every"), rowsShown: t("{0} of {1} steps"),
  };
}
