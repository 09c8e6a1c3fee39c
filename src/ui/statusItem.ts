import * as vscode from "vscode";
import { describe, percent, progress } from "./describe.ts";
import { Store } from "./disposable.ts";
import { Command } from "./ids.ts";
import type { RunsModel } from "./runsModel.ts";

/** Progress of the running training in the status bar; a click stops it. Hidden while nothing runs. */
export class StatusItem extends Store {
  constructor(model: RunsModel) {
    super();
    const item = this.register(vscode.window.createStatusBarItem("adept.training", vscode.StatusBarAlignment.Left));
    item.name = vscode.l10n.t("ADePT Training");
    this.register(model.onDidChange(() => {
      const live = model.live();
      const [run] = live;
      if (run === undefined) { item.hide(); return; }
      const part = live.reduce((sum, each) => sum + progress(each.record), 0) / live.length;
      const label = live.length === 1 ? `ADePT ${percentWhole(part)}` : vscode.l10n.t("ADePT {0} ({1} runs)", percentWhole(part), live.length);
      item.text = `$(loading~spin) ${label}`;
      item.tooltip = vscode.l10n.t("{0}: {1}. Click to stop.", run.record.name, describe(run.record));
      item.accessibilityInformation = { label: vscode.l10n.t("ADePT training, {0} done. Activate to stop.", percent(part)) };
      item.command = { command: Command.stop, title: vscode.l10n.t("Stop Run"), arguments: live.length === 1 ? [run.id] : [] };
      item.show();
    }));
  }
}

function percentWhole(part: number): string { return `${Math.floor(100 * part)} %`; }
