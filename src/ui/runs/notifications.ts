import * as vscode from "vscode";
import { isOpen, isWaiting, type RunRecord } from "../../record/record.ts";
import { reproductionText, shownResult } from "./runText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { Command, Setting } from "../window/ids.ts";
import { localisedError } from "../window/localised.ts";
import { withoutLinks } from "../window/plainText.ts";
import type { Run, RunsModel } from "./runsModel.ts";
import { booleanSetting } from "../window/settings.ts";

/** Notifies the user once when a run that this window started, also before a reload, has finished or failed. */
export class Notifications extends DisposableStore {
  constructor(model: RunsModel) {
    super();
    this.register(
      model.onDidChange(({ ids }) => {
        for (const id of ids) {
          const run = model.find(id);
          if (run === undefined || isOpen(run.record.status) || isWaiting(run.record) || !model.wasStartedHere(id))
            continue;
          model.forgetStartedHere(id);
          if (booleanSetting(Setting.notifications)) void announce(run);
        }
      }),
    );
  }
}

async function announce(run: Run): Promise<void> {
  const { id } = run;
  // The name or the error of a run may hold text that a notification would show as a link.
  const record = { ...run.record, name: withoutLinks(run.record.name) };
  const results = vscode.l10n.t("Open Results");
  const log = vscode.l10n.t("Show Log");
  let choice: string | undefined;
  if (record.status === "finished") {
    choice = await vscode.window.showInformationMessage(finishedText(record), results);
  } else if (record.status === "failed" || record.status === "interrupted") {
    const reason = withoutLinks(
      localisedError(record.error ?? { message: record.message ?? "", phrase: record.phrases.message }),
    );
    choice = await vscode.window.showErrorMessage(
      vscode.l10n.t('ADePT run "{0}" has failed. {1}', record.name, reason),
      log,
      results,
    );
  }
  if (choice === results) await vscode.commands.executeCommand(Command.openPanel, id);
  if (choice === log) await vscode.commands.executeCommand(Command.showLog, id);
}

function finishedText(record: RunRecord): string {
  if (record.reproduced !== undefined) return withoutLinks(reproductionText(record.name, record.reproduced));
  const result = shownResult(record);
  return result === undefined
    ? vscode.l10n.t('ADePT run "{0}" has finished.', record.name)
    : vscode.l10n.t('ADePT run "{0}" has finished: {1} {2}.', record.name, result.name, result.value);
}
