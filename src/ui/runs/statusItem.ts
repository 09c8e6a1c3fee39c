import * as vscode from "vscode";
import { percentText, doneFraction } from "./runText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { Command } from "../window/ids.ts";
import type { RunsModel } from "./runsModel.ts";

/** Progress of the running training in the status bar; a click stops it. Hidden while nothing runs. */
export class StatusItem extends DisposableStore {
  private readonly item: vscode.StatusBarItem;
  /** The run that a click stops; "" asks for one of several. Undefined: nothing is shown. */
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
    this.aim(live.length === 1 ? run.id : "", run.record.name);
  }

  /**
   * VS Code gives a command with arguments a new id whenever it is set, and a click that is under way has the old one:
   * it is set when it changes, no oftener.
   */
  private aim(target: string, name: string): void {
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
