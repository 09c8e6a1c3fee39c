import type * as vscode from "vscode";
import { MEASURES, type Measure } from "../../protocol/measures.ts";
import type { OpenedRun } from "../../protocol/heatmapQuestions.ts";
import type { RunStatus } from "../../record/events.ts";
import type { Run } from "../runs/runsModel.ts";
import type { HeatmapChoice } from "./heatmapChoice.ts";

/**
 * An editor that shows another run than the document's other editors, and its last column. An editor that was covered
 * by another tab comes back in its column as a new object.
 */
interface OwnEditor {
  editor: vscode.TextEditor;
  column: vscode.ViewColumn | undefined;
}

interface ShownHeatmap {
  /** Of the document. */
  uri: string;
  /** Undefined for the heatmap of all editors of the document that have none of their own. */
  own: OwnEditor | undefined;
  choice: HeatmapChoice;
  /** The run's status when its offsets were read. */
  status: RunStatus;
}

/** Which run and measure each document, or one of its editors, shows. */
export class ShownHeatmaps {
  private list: ShownHeatmap[] = [];

  /** Documents that show a heatmap. */
  get uris(): string[] {
    return this.list.map(({ uri }) => uri);
  }

  /** Shows a run in all editors of a document, or in one editor beside another. */
  add(
    uri: string,
    { choice, status, editor }: { choice: HeatmapChoice; status: RunStatus; editor?: vscode.TextEditor | undefined },
  ): void {
    this.list = [
      ...this.list.filter((each) => each.uri !== uri || (editor !== undefined && each.own?.editor !== editor)),
      { uri, own: editor && { editor, column: editor.viewColumn }, choice, status },
    ];
  }

  /** Changes the measure of a document's heatmaps whose run has it. */
  setMeasure(uri: string, measure: Measure): void {
    this.list = this.list.map((each) =>
      each.uri === uri && each.choice.opened.measures[measure] !== undefined
        ? { ...each, choice: { ...each.choice, measure } }
        : each,
    );
  }

  /** Removes heatmaps. @returns whether there was one to remove */
  remove(isRemoved: (shown: { uri: string; run: Run }) => boolean): boolean {
    const kept = this.list.filter(({ uri, choice }) => !isRemoved({ uri, run: choice.run }));
    const removed = kept.length < this.list.length;
    if (removed) this.list = kept;
    return removed;
  }

  /** Returns the shown runs, and the status of each when its offsets were read. */
  runs(): { run: Run; status: RunStatus }[] {
    return this.list.map(({ choice: { run }, status }) => ({ run, status }));
  }

  /** Replaces a run's tensors. A measure that the run no longer has is replaced by the first that it has. */
  reopened(run: Run, opened: OpenedRun, status: RunStatus): void {
    const [first] = MEASURES.filter((each) => opened.measures[each] !== undefined);
    this.list = this.list.map((each) => {
      if (each.choice.run.id !== run.id) return each;
      const { measure } = each.choice;
      const choice = { run, opened, measure: opened.measures[measure] === undefined ? first! : measure };
      return { ...each, status, choice };
    });
  }

  /** Returns what an editor shows: its own heatmap, else its document's. */
  choiceFor(editor: vscode.TextEditor): HeatmapChoice | undefined {
    const ofDocument = this.list.filter(({ uri }) => uri === editor.document.uri.toString());
    return (ofDocument.find(({ own }) => own?.editor === editor) ?? ofDocument.find(({ own }) => own === undefined))
      ?.choice;
  }

  /** Notes the columns of editors, and finds the new object of an editor that was covered and is visible again. */
  follow(visible: readonly vscode.TextEditor[]): void {
    for (const { uri, own } of this.list) {
      if (own === undefined) continue;
      if (!visible.includes(own.editor))
        own.editor =
          visible.find(
            (each) =>
              each.document.uri.toString() === uri &&
              each.viewColumn === own.column &&
              !this.list.some((other) => other.own?.editor === each),
          ) ?? own.editor;
      if (visible.includes(own.editor)) own.column = own.editor.viewColumn;
    }
  }
}
