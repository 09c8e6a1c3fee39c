import * as vscode from "vscode";
import { percentText } from "../../base/text/percentText.ts";
import { doneFraction } from "./runText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { Command } from "../window/ids.ts";
import type { RunsModel } from "./runsModel.ts";

/** The progress of running trainings in the status bar. A click stops the run. Hidden while nothing runs. */
export class StatusItem extends DisposableStore {
  private readonly item: vscode.StatusBarItem;
  /** Id of the run that a click stops; "" if the user chooses one of several; undefined while the item is hidden. */
  private target: string | undefined;

  constructor(model: RunsModel) {
    super();
    this.item = this.register(vscode.window.createStatusBarItem("adept.training", vscode.StatusBarAlignment.Left));
    this.item.name = vscode.l10n.t("ADePT Training");
    this.register(
      model.onDidChange(() => {
        this.show(model.live());
      }),
    );
  }

  private show(live: ReturnType<RunsModel["live"]>): void {
    const [run] = live;
    if (run === undefined) {
      this.target = undefined;
      this.item.hide();
      return;
    }
    const part = live.reduce((sum, each) => sum + doneFraction(each.record), 0) / live.length;
    const label =
      live.length === 1
        ? `ADePT ${percentWhole(part)}`
        : vscode.l10n.t("ADePT {0} ({1} runs)", percentWhole(part), live.length);
    const text = `$(loading~spin) ${label}`;
    if (this.item.text !== text) {
      this.item.text = text;
      this.item.accessibilityInformation = {
        label: vscode.l10n.t("ADePT training, {0} done. Activate to stop.", percentText(part)),
      };
    }
    this.setTarget(live.length === 1 ? run.id : "", run.record.name);
  }

  /**
   * Sets the run that a click stops. VS Code gives a command with arguments a new id whenever it is set, and a click
   * under way still has the old id: so the command is set only if it changes.
   */
  private setTarget(target: string, name: string): void {
    if (target === this.target) return;
    this.target = target;
    this.item.command = {
      command: Command.stop,
      title: vscode.l10n.t("Stop Run"),
      arguments: target === "" ? [] : [target],
    };
    this.item.tooltip =
      target === "" ? vscode.l10n.t("Click to stop one of them.") : vscode.l10n.t("{0}. Click to stop.", name);
    this.item.show();
  }
}

function percentWhole(part: number): string {
  return `${Math.floor(100 * part)} %`;
}
