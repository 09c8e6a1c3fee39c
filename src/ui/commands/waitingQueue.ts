import * as vscode from "vscode";
import { phraseOf } from "../../base/errors.ts";
import { isWaiting } from "../../record/record.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { host } from "../window/host.ts";
import { localised } from "../window/localised.ts";
import { withoutLinks } from "../window/plainText.ts";
import { startQueues } from "./queueCommands.ts";
import { runsDirectory, type Run, type RunsModel } from "../runs/runsModel.ts";

/** What the question works with. */
export interface WaitingQueueParts {
  readonly model: RunsModel;
  readonly log: vscode.LogOutputChannel;
  readonly workerPath: string;
}

/**
 * Asks once per window whether runs that wait in a queue without a process (after a restart of the machine) are to be
 * trained.
 */
export class WaitingQueue extends DisposableStore {
  private asked = false;
  /** Time in ms. Runs that are queued later get a queue process from whoever queues them. */
  private readonly opened = Date.now();

  constructor(private readonly parts: WaitingQueueParts) {
    super();
    this.register(
      parts.model.onDidChange(({ list }) => {
        if (!list || this.asked || !vscode.workspace.isTrusted) return;
        const waiting = parts.model.runs().filter(
          (run) =>
            isWaiting(run.record) &&
            run.record.createdAt < this.opened &&
            !host().isQueueRunning({
              runsDir: runsDirectory(run.folder),
              device: host().queueOf(run.directory, run.record),
            }),
        );
        if (waiting.length === 0) return;
        this.asked = true;
        void this.ask(waiting);
      }),
    );
  }

  private async ask(waiting: readonly Run[]): Promise<void> {
    const go = vscode.l10n.t("Go On");
    const drop = vscode.l10n.t("Take Out of the Queue");
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t("{0} ADePT runs wait to be trained.", waiting.length),
      go,
      drop,
    );
    const { model, log, workerPath } = this.parts;
    try {
      if (answer === drop) for (const run of waiting) host().dequeue(run.directory);
      if (answer === go) startQueues(waiting, workerPath);
    } catch (error) {
      log.error(error as Error);
      void vscode.window.showErrorMessage(withoutLinks(localised(phraseOf(error))));
    }
    model.refresh();
  }
}
