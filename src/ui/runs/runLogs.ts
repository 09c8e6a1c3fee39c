import * as vscode from "vscode";
import { phraseOf } from "../../base/errors.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { host } from "../window/host.ts";
import { localised } from "../window/localised.ts";
import { placeIn } from "./clusterRuns.ts";
import type { Run, RunsModel } from "./runsModel.ts";

const SCHEME = "adept-log";
/** The most of one file that is shown, in bytes: its end. */
const MOST_BYTES = 1_000_000;

/** What a cluster's run and its jobs have written, in one document each, which is read anew when it is shown again. */
export class RunLogs extends DisposableStore implements vscode.TextDocumentContentProvider {
  private readonly changed = this.register(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly model: Pick<RunsModel, "find">,
    private readonly workerPath: string,
  ) {
    super();
    this.register(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  provideTextDocumentContent({ query }: Pick<vscode.Uri, "query">): string {
    const run = this.model.find(query);
    if (run === undefined) return vscode.l10n.t("This run is not there any more.");
    try {
      const text = this.textOf(run);
      return text === "" ? vscode.l10n.t("Nothing has been printed yet.") : `${text}\n`;
    } catch (error) {
      return localised(phraseOf(error));
    }
  }

  /** Shows the end of what a run and its jobs have written until now. */
  async show({ id, record }: Run): Promise<void> {
    const path = `/${record.name.replace(/[\\/]/g, "-")} ${id}.log`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path, query: id });
    this.refresh(uri);
    const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), {
      preview: true,
    });
    const end = editor.document.lineCount - 1;
    editor.revealRange(new vscode.Range(end, 0, end, 0));
  }

  /** Reads a document anew. */
  refresh(uri: vscode.Uri): void {
    this.changed.fire(uri);
  }

  private textOf({ directory, folder }: Run): string {
    const { executorOfRun, logsText } = host();
    const logs = executorOfRun(directory, placeIn(folder, this.workerPath)).logs(directory, MOST_BYTES);
    return logsText(logs, ({ before }) => vscode.l10n.t("({0} before are left out)", bytesText(before)));
  }
}
