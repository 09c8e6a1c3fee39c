import { findNodeAtLocation, parseTree } from "jsonc-parser";
import * as vscode from "vscode";
import { outOfBounds } from "../../base/jsonBounds.ts";
import { isLive, isOpen } from "../../record/record.ts";
import { shownResult, statusText } from "../runs/runText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { EXPERIMENTS, type ExperimentChecks } from "./experimentChecks.ts";
import { Command } from "../window/ids.ts";
import { localised } from "../window/localised.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";

/**
 * Language features of experiment files beyond the schema: quick fixes of problems, the sizes that a parameter budget
 * gives as a hover, and the experiment's runs as code lenses above its first line.
 */
export class ExperimentEditing
  extends DisposableStore
  implements vscode.CodeActionProvider, vscode.HoverProvider, vscode.CodeLensProvider
{
  private readonly lensesChanged = this.register(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.lensesChanged.event;
  /** The fields of all runs that the lenses show, at their last change. Progress of a training changes none. */
  private lensFields = "";

  constructor(
    private readonly checks: ExperimentChecks,
    private readonly model: RunsModel,
  ) {
    super();
    const { languages } = vscode;
    this.register(
      languages.registerCodeActionsProvider(EXPERIMENTS, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    );
    this.register(languages.registerHoverProvider(EXPERIMENTS, this));
    this.register(languages.registerCodeLensProvider(EXPERIMENTS, this));
    this.register(
      model.onDidChange(({ ids, list }) => {
        const fields = model
          .runs()
          .map(({ id, record }) => `${id} ${record.status} ${record.evaluations.length}`)
          .join();
        if (!list && !ids.length) return;
        if (fields !== this.lensFields) {
          this.lensFields = fields;
          this.lensesChanged.fire();
        }
      }),
    );
    this.register(
      checks.onDidCheck(() => {
        this.lensesChanged.fire();
      }),
    );
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const at = (offset: number): vscode.Position => document.positionAt(offset);
    return (this.checks.of(document)?.problems ?? []).flatMap(({ from, to, fixes }) => {
      const place = new vscode.Range(at(from), at(to));
      if (place.intersection(range) === undefined) return [];
      return fixes.map(({ title, edits }, i) => {
        const action = new vscode.CodeAction(localised(title), vscode.CodeActionKind.QuickFix);
        action.edit = new vscode.WorkspaceEdit();
        action.edit.set(
          document.uri,
          edits.map((edit) => new vscode.TextEdit(new vscode.Range(at(edit.from), at(edit.to)), edit.text)),
        );
        action.diagnostics = diagnostics.filter((each) => each.range.intersection(place) !== undefined);
        action.isPreferred = i === 0;
        return action;
      });
    });
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const sizes = this.checks.of(document)?.sizes;
    if (sizes === undefined) return undefined;
    const place = new vscode.Range(document.positionAt(sizes.from), document.positionAt(sizes.to));
    if (!place.contains(position)) return undefined;
    return new vscode.Hover(
      vscode.l10n.t(
        "Prompt of {0} tokens, {1} hidden units or rank: {2} trainable parameters.",
        sizes.promptLength,
        sizes.bottleneck,
        sizes.count.toLocaleString(),
      ),
      place,
    );
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const text = document.getText();
    const root = outOfBounds(text) === undefined ? parseTree(text, [], { allowTrailingComma: true }) : undefined;
    const named = root && findNodeAtLocation(root, ["name"]);
    if (root === undefined || named === undefined) return [];
    const line = document.positionAt(root.offset).line;
    const place = new vscode.Range(line, 0, line, 0);
    const lens = (title: string, command: string, ...args: unknown[]): vscode.CodeLens =>
      new vscode.CodeLens(place, { title, command, arguments: args });
    const runs = this.runsOf(String(named.value));
    const count = this.checks.of(document)?.runs ?? 1;
    const trusted = vscode.workspace.isTrusted;
    const train = trusted
      ? [
          lens(
            count > 1 ? vscode.l10n.t("$(play) Train {0} Runs", count) : vscode.l10n.t("$(play) Train"),
            Command.train,
            document.uri,
          ),
        ]
      : [];
    return [...train, ...this.runLenses(runs, lens)];
  }

  /** Returns the lenses of an experiment's runs: the one at work, the last result, resuming and comparing. */
  private runLenses(
    runs: readonly Run[],
    lens: (title: string, command: string, ...args: unknown[]) => vscode.CodeLens,
  ): vscode.CodeLens[] {
    const live = runs.find(({ record }) => isLive(record.status));
    const last = runs.find(({ record }) => shownResult(record) !== undefined && !isOpen(record.status));
    const halted =
      runs[0] !== undefined &&
      ["stopped", "interrupted", "failed"].includes(runs[0].record.status) &&
      vscode.workspace.isTrusted
        ? runs[0]
        : undefined;
    const finished = runs.filter(({ record }) => record.status === "finished");
    return [
      ...(live === undefined
        ? []
        : [lens(vscode.l10n.t("$(graph-line) {0}", statusText(live.record.status)), Command.openPanel, live.id)]),
      ...(halted === undefined ? [] : [lens(vscode.l10n.t("$(debug-continue) Resume"), Command.resume, halted.id)]),
      ...(last === undefined
        ? []
        : [
            lens(
              vscode.l10n.t("$(graph) Last result: {0}", shownResult(last.record)!.value),
              Command.openPanel,
              last.id,
            ),
          ]),
      ...(finished.length > 1
        ? [
            lens(
              vscode.l10n.t("Compare {0} runs", finished.length),
              Command.compare,
              finished.map(({ id }) => id),
            ),
          ]
        : []),
    ];
  }

  /** Returns the runs of an experiment that are not archived, newest first. */
  private runsOf(name: string): Run[] {
    return this.model.runs().filter(({ record }) => (record.experiment ?? record.name) === name && !record.archived);
  }
}
