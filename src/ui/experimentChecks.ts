import * as vscode from "vscode";
import type { CheckAnswer } from "../experiment/setupProtocol.ts";
import { Store } from "./disposable.ts";
import { localised } from "./localised.ts";
import type { Tokens } from "./tokens.ts";

/** Experiment files, as language features select them. */
export const EXPERIMENTS: vscode.DocumentSelector = { scheme: "file", language: "jsonc", pattern: "**/*.adept.json" };
const isExperiment = (document: vscode.TextDocument): boolean => vscode.languages.match(EXPERIMENTS, document) > 0;

const REST_MS = 300;

/** Experiment files in sight, checked as they are typed for what their schema cannot tell. */
export class ExperimentChecks extends Store {
  private readonly diagnostics = this.register(vscode.languages.createDiagnosticCollection("adept"));
  private readonly answers = new Map<string, { version: number; answer: CheckAnswer }>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly checked = this.register(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidCheck = this.checked.event;

  constructor(private readonly tokens: Tokens, private readonly log: vscode.LogOutputChannel) {
    super();
    const { workspace } = vscode;
    this.register(workspace.onDidOpenTextDocument((document) => { this.look(document, 0); }));
    this.register(workspace.onDidChangeTextDocument(({ document }) => { this.look(document, REST_MS); }));
    this.register(workspace.onDidCloseTextDocument((document) => { this.forget(document); }));
    this.register(workspace.onDidGrantWorkspaceTrust(() => { this.lookAll(); }));
    // Data that is written, renamed or deleted can mend an experiment or break it.
    for (const event of [workspace.onDidCreateFiles, workspace.onDidDeleteFiles, workspace.onDidRenameFiles, workspace.onDidSaveTextDocument]) this.register((event as vscode.Event<unknown>)(() => { this.lookAll(); }));
    const first = setTimeout(() => { this.lookAll(); }, 0);
    this.register({ dispose: () => { clearTimeout(first); for (const timer of this.timers.values()) clearTimeout(timer); } });
  }

  /** What was found in a document as it is now; undefined while it is looked at. */
  of(document: vscode.TextDocument): CheckAnswer | undefined {
    const known = this.answers.get(document.uri.toString());
    return known?.version === document.version ? known.answer : undefined;
  }

  private lookAll(): void { for (const document of vscode.workspace.textDocuments) this.look(document, REST_MS); }

  private look(document: vscode.TextDocument, milliseconds: number): void {
    if (!isExperiment(document) || !vscode.workspace.isTrusted) return;
    const key = document.uri.toString();
    clearTimeout(this.timers.get(key));
    this.timers.set(key, setTimeout(() => { void this.check(document); }, milliseconds));
  }

  private forget({ uri }: vscode.TextDocument): void {
    clearTimeout(this.timers.get(uri.toString()));
    this.answers.delete(uri.toString());
    this.diagnostics.delete(uri);
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const { version, uri } = document;
    try {
      const answer = await this.tokens.get().check({ path: uri.fsPath, text: document.getText() });
      if (document.isClosed || document.version !== version) return;
      this.answers.set(uri.toString(), { version, answer });
      this.diagnostics.set(uri, answer.problems.filter(({ schema }) => !schema).map(({ from, to, severity, code, message }) => {
        const diagnostic = new vscode.Diagnostic(new vscode.Range(document.positionAt(from), document.positionAt(to)), localised(message), severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning);
        return Object.assign(diagnostic, { source: "ADePT", code });
      }));
      this.checked.fire(uri);
    } catch (error) { this.log.warn(`check of ${uri.fsPath}: ${error instanceof Error ? error.message : String(error)}`); }
  }
}
