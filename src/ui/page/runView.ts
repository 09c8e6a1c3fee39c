import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { AnalysisName, RunChoice, RunView } from "../../protocol/hostToPage.ts";
import { isCorrelation, leadingMetric, metricName } from "../../record/metricText.ts";
import { outcomeOf } from "../../record/outcome.ts";
import { isOpen } from "../../record/record.ts";
import { waitsForCluster, whereIs } from "../runs/clusterRuns.ts";
import { clusterText } from "../runs/clusterText.ts";
import { summaryWithoutStatus, doneFraction, shownResult, statusOf, statusText } from "../runs/runText.ts";
import { host } from "../window/host.ts";
import { localised, localisedError } from "../window/localised.ts";
import { costText, gpuText, measuredText, memoryText } from "../runs/deviceText.ts";
import type { Run } from "../runs/runsModel.ts";
import { outcomeText } from "./outcomeText.ts";

function statusLine(run: Run): string {
  const { record } = run;
  const { status, error } = record;
  const where = whereIs(run);
  if (error !== undefined) return `${statusText(status)}: ${localisedError(error)}`;
  return where === undefined ? statusOf(record) : clusterText(record, where);
}

/** The record with the messages of workers and git in the window's language. */
function localisedRecord(record: Run["record"]): Run["record"] {
  const { warnings, gitMessage, phrases } = record;
  return {
    ...record,
    warnings: warnings.map((warning, i) => localised(phrases.warnings[i] ?? warning)),
    gitMessage: gitMessage === undefined ? undefined : localised(phrases.gitMessage ?? gitMessage),
  };
}

/** A run as the page shows it. */
export function viewOf(run: Run): RunView {
  const { record, directory } = run;
  const adapter = join(directory.path, "adapter");
  const live = isOpen(record.status) || waitsForCluster(run);
  const metric = leadingMetric(record.evaluations[0]?.metrics ?? {})?.name ?? "accuracy";
  return {
    record: localisedRecord(record),
    live,
    metric,
    metricName: metricName(metric),
    correlation: isCorrelation(metric),
    resumable: !live && record.status !== "finished",
    unasked: record.status === "finished" ? unaskedOf(record) : [],
    statusText: statusLine(run),
    summary: summaryText(record),
    progress: record.status === "finished" ? 1 : doneFraction(record),
    adapterPath: existsSync(adapter) ? adapter : undefined,
    measured: measuredText(record),
    precision: costText(record),
    memory: memoryText(record),
    gpu: live ? gpuText(record) : undefined,
  };
}

/** The analyses that a run could have, and that nobody has asked for. */
const unaskedOf = ({ method, analyses }: Run["record"]): AnalysisName[] =>
  host()
    .analysesOf(method)
    .filter((name) => analyses[name] === undefined);

/** The line under the status: the result of a run that has ended, else its progress. */
function summaryText(record: Run["record"]): string {
  if (isOpen(record.status)) return summaryWithoutStatus(record);
  const outcome = outcomeOf(record);
  if (outcome !== undefined) return outcomeText(outcome);
  const known = shownResult(record);
  return known === undefined
    ? summaryWithoutStatus(record)
    : vscode.l10n.t("Validation {0} {1}", known.name, known.value);
}

/** A run in the page's list of runs to compare. */
export function choiceOf({ id, record }: Run): RunChoice {
  return {
    id,
    name: record.name,
    method: record.method,
    task: record.task,
    seed: record.seed,
    status: statusText(record.status),
    value: shownResult(record)?.value ?? "",
    experiment: record.experiment ?? "",
    sweep: record.sweep,
    variant: record.variant ?? "",
    open: isOpen(record.status),
  };
}
