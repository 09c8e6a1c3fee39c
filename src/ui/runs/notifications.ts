import * as vscode from "vscode";
import { isOpen, isWaiting } from "../../record/record.ts";
import { reproductionText, shownResult } from "./runText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { Command, Setting } from "../window/ids.ts";
import { localisedError } from "../window/localised.ts";
import { withoutLinks } from "../window/plainText.ts";
import type { Run, RunsModel } from "./runsModel.ts";
import { booleanSetting } from "../window/settings.ts";

/** Says once that a run which this window started, before a reload or since, has finished or failed. */
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

async function announce({ id, record: told }: Run): Promise<void> {
  // A run may be called, or fail with, what a notification would make a link of.
  const record = { ...told, name: withoutLinks(told.name) };
  const results = vscode.l10n.t("Open Results");
  const log = vscode.l10n.t("Show Log");
  let choice: string | undefined;
  if (record.status === "finished") {
    const known = shownResult(record);
    const { reproduced } = record;
    choice = await vscode.window.showInformationMessage(
      reproduced !== undefined
        ? withoutLinks(reproductionText(record.name, reproduced))
        : known === undefined
          ? vscode.l10n.t('ADePT run "{0}" has finished.', record.name)
          : vscode.l10n.t('ADePT run "{0}" has finished: {1} {2}.', record.name, known.name, known.value),
      results,
    );
  } else if (record.status === "failed" || record.status === "interrupted") {
    const reason = withoutLinks(localisedError(record.error ?? { message: record.message ?? "" }));
    choice = await vscode.window.showErrorMessage(
      vscode.l10n.t('ADePT run "{0}" has failed. {1}', record.name, reason),
      log,
      results,
    );
  }
  if (choice === results) await vscode.commands.executeCommand(Command.openPanel, id);
  if (choice === log) await vscode.commands.executeCommand(Command.showLog, id);
}
