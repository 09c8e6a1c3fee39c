import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { codeCommit, isOpen } from "../../record/record.ts";
import { runSummary } from "./runText.ts";
import { withoutIcons } from "../window/plainText.ts";
import { idsOf, isExplorerNode } from "./explorerNode.ts";
import type { RunExplorer } from "./runExplorer.ts";
import type { Run, RunsModel } from "./runsModel.ts";

type RunTest = (run: Run) => boolean;

/** Whether a run neither trains nor waits in a queue. */
export const hasEnded: RunTest = ({ record }) => !isOpen(record.status);
/** Whether a run's code is in a commit. */
export const hasCommit: RunTest = ({ record }) => codeCommit(record) !== undefined;

/** Finds the runs that a command is meant for: those it was called on, else those selected, else the user's choice. */
export class RunPick {
  constructor(
    private readonly model: RunsModel,
    private readonly explorer: RunExplorer,
  ) {}

  /**
   * Returns the run that a command was called on; else the only suitable run; else the user's choice.
   * @throws UserError if no run is suitable
   */
  async one(argument: unknown, isSuitable: RunTest = () => true): Promise<Run | undefined> {
    const [id] = idsFrom(argument, undefined);
    if (id !== undefined) return this.model.find(id);
    // A run may have ended since its journal was read last.
    this.model.refresh();
    const runs = this.model.runs().filter(isSuitable);
    if (runs.length === 0) throw new UserError("no-such-run", phrase`There is no such run.`);
    if (runs.length === 1) return runs[0];
    return (
      await vscode.window.showQuickPick(runs.map(choice), {
        placeHolder: vscode.l10n.t("Choose a run"),
        matchOnDescription: true,
        matchOnDetail: true,
      })
    )?.run;
  }

  /** Returns the runs of the rows or ids that a command was called on; undefined where it was called on none. */
  named(argument: unknown, selected: unknown): Run[] | undefined {
    const ids = idsFrom(argument, selected);
    return ids.length === 0 ? undefined : ids.flatMap((id) => this.model.find(id) ?? []);
  }

  /**
   * Returns the runs that a command was called on; else the suitable ones of the selected runs; else the user's choice.
   * @param selected the second argument of the command: all selected rows if it was called on one of several
   * @throws UserError if no run is suitable
   */
  async several(argument: unknown, selected: unknown, isSuitable: RunTest = () => true): Promise<Run[]> {
    const named = idsFrom(argument, selected);
    const ids = named.length > 0 ? named : this.explorer.selection();
    const runs = ids.flatMap((id) => this.model.find(id) ?? []).filter(isSuitable);
    if (runs.length > 0 || ids.length > 0) return runs;
    this.model.refresh();
    const all = this.model.runs().filter(isSuitable);
    if (all.length === 0) throw new UserError("no-such-run", phrase`There is no such run.`);
    return (
      (
        await vscode.window.showQuickPick(all.map(choice), {
          placeHolder: vscode.l10n.t("Choose runs"),
          canPickMany: true,
          matchOnDescription: true,
          matchOnDetail: true,
        })
      )?.map(({ run }) => run) ?? []
    );
  }
}

const choice = (run: Run): vscode.QuickPickItem & { run: Run } => ({
  label: withoutIcons(run.record.name),
  description: runSummary(run.record),
  detail: run.id,
  run,
});

/** Returns the ids of a command's arguments: ids from a page or the status bar, or rows of the list. */
function idsFrom(argument: unknown, selected: unknown): string[] {
  if (typeof argument === "string") return [argument];
  if (Array.isArray(argument)) return argument.filter((each) => typeof each === "string");
  const rows: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [argument];
  const nodes = rows.filter(isExplorerNode);
  return [...new Set(nodes.flatMap((node) => [...idsOf(node)]))];
}
