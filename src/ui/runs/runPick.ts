import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { codeCommit, isOpen } from "../../record/record.ts";
import { runSummary } from "./runText.ts";
import { withoutIcons } from "../window/plainText.ts";
import { idsOf, type ExplorerNode, type RunExplorer } from "./runExplorer.ts";
import type { Run, RunsModel } from "./runsModel.ts";

type RunTest = (run: Run) => boolean;

/** It neither works nor waits. */
export const hasEnded: RunTest = ({ record }) => !isOpen(record.status);
export const hasCommit: RunTest = ({ record }) => codeCommit(record) !== undefined;

/** Which runs a command is for: those it was called on, those selected in the list, else the user's choice. */
export class RunPick {
  constructor(
    private readonly model: RunsModel,
    private readonly explorer: RunExplorer,
  ) {}

  /** The run a command was called on, else the only one that fits, else the user's choice. */
  async one(argument: unknown, fits: RunTest = () => true): Promise<Run | undefined> {
    const [id] = called(argument, undefined);
    if (id !== undefined) return this.model.find(id);
    const runs = this.model.runs().filter(fits);
    if (runs.length === 0) throw new UserError(vscode.l10n.t("There is no such run."));
    if (runs.length === 1) return runs[0];
    return (
      await vscode.window.showQuickPick(runs.map(choice), {
        placeHolder: vscode.l10n.t("Choose a run"),
        matchOnDescription: true,
        matchOnDetail: true,
      })
    )?.run;
  }

  /** @param selected what VS Code hands over as a second argument where several rows are selected */
  async several(argument: unknown, selected: unknown, fits: RunTest = () => true): Promise<Run[]> {
    const named = called(argument, selected);
    const ids = named.length > 0 ? named : this.explorer.selection();
    const runs = ids.flatMap((id) => this.model.find(id) ?? []).filter(fits);
    if (runs.length > 0 || ids.length > 0) return runs;
    const all = this.model.runs().filter(fits);
    if (all.length === 0) throw new UserError(vscode.l10n.t("There is no such run."));
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

const isNode = (value: unknown): value is ExplorerNode =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  (value.kind === "run" || value.kind === "group" || value.kind === "folder" || value.kind === "unreadable");

/** Commands are called with a run's id (page, status item) or with rows of the list. */
function called(argument: unknown, selected: unknown): string[] {
  if (typeof argument === "string") return [argument];
  if (Array.isArray(argument)) return argument.filter((each) => typeof each === "string");
  const nodes =
    Array.isArray(selected) && selected.length > 0 ? selected.filter(isNode) : isNode(argument) ? [argument] : [];
  return [...new Set(nodes.flatMap((node) => [...idsOf(node)]))];
}
