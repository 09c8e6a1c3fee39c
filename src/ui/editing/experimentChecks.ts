import { sep } from "node:path";
import * as vscode from "vscode";
import { LONGEST_CHECKED } from "../../protocol/limits.ts";
import type { CheckAnswer } from "../../protocol/setupQuestions.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { localised } from "../window/localised.ts";
import { Newest } from "../window/newest.ts";
import { PathWatch } from "../window/pathWatch.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";

/** Experiment files, as language features select them. */
export const EXPERIMENTS: vscode.DocumentSelector = { scheme: "file", language: "jsonc", pattern: "**/*.adept.json" };
const isExperiment = (document: vscode.TextDocument): boolean => vscode.languages.match(EXPERIMENTS, document) > 0;

const REST_MS = 300;

/** What is known of one document. Of its checks one is made at a time, and only the newest of those that wait. */
interface Checked {
  found?: { version: number; answer: CheckAnswer };
  timer?: NodeJS.Timeout | undefined;
  readonly checks: Newest<vscode.TextDocument>;
  /** what it names is looked after, wherever that is changed */
  readonly watch: PathWatch;
}

/** Whether a change at a path is one of what an experiment names. */
const touches = (path: string, place: string): boolean =>
  path === place || path.startsWith(place + sep) || place.startsWith(path + sep);

/** Experiment files in sight, checked as they are typed for what their schema cannot tell. */
export class ExperimentChecks extends DisposableStore {
  private readonly diagnostics = this.register(vscode.languages.createDiagnosticCollection("adept"));
  private readonly documents = new Map<string, Checked>();
  private readonly checked = this.register(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidCheck = this.checked.event;

  constructor(
    private readonly tokens: SharedTokenWorker,
    private readonly log: vscode.LogOutputChannel,
  ) {
    super();
    const { workspace } = vscode;
    this.register(
      workspace.onDidOpenTextDocument((document) => {
        this.look(document, 0);
      }),
    );
    this.register(
      workspace.onDidChangeTextDocument(({ document }) => {
        this.look(document, REST_MS);
      }),
    );
    this.register(
      workspace.onDidCloseTextDocument((document) => {
        this.forget(document);
      }),
    );
    this.register(
      workspace.onDidGrantWorkspaceTrust(() => {
        this.lookAll(() => true);
      }),
    );
    // Data that is written, renamed or deleted can mend an experiment or break it.
    this.register(
      workspace.onDidSaveTextDocument(({ uri }) => {
        this.lookAfter([uri]);
      }),
    );
    this.register(
      workspace.onDidCreateFiles(({ files }) => {
        this.lookAfter(files);
      }),
    );
    this.register(
      workspace.onDidDeleteFiles(({ files }) => {
        this.lookAfter(files);
      }),
    );
    this.register(
      workspace.onDidRenameFiles(({ files }) => {
        this.lookAfter(files.flatMap(({ oldUri, newUri }) => [oldUri, newUri]));
      }),
    );
    const first = setTimeout(() => {
      this.lookAll(() => true);
    }, 0);
    this.register({
      dispose: () => {
        clearTimeout(first);
        for (const each of this.documents.values()) {
          clearTimeout(each.timer);
          each.watch.dispose();
        }
      },
    });
  }

  /** What was found in a document as it is now; undefined while it is looked at. */
  of(document: vscode.TextDocument): CheckAnswer | undefined {
    const known = this.documents.get(document.uri.toString())?.found;
    return known?.version === document.version ? known.answer : undefined;
  }

  private lookAll(wanted: (document: vscode.TextDocument) => boolean): void {
    for (const document of vscode.workspace.textDocuments) if (wanted(document)) this.look(document, REST_MS);
  }

  /** Looks again at the experiments that name what has changed. */
  private lookAfter(changed: readonly vscode.Uri[]): void {
    this.lookAll(
      ({ uri }) =>
        this.documents
          .get(uri.toString())
          ?.found?.answer.places.some((place) => changed.some(({ fsPath }) => touches(fsPath, place))) ?? true,
    );
  }

  private look(document: vscode.TextDocument, milliseconds: number): void {
    if (!isExperiment(document) || !vscode.workspace.isTrusted) return;
    const key = document.uri.toString();
    const own: Checked = this.documents.get(key) ?? {
      checks: new Newest((each) => this.check(each)),
      watch: new PathWatch(() => {
        this.look(document, REST_MS);
      }),
    };
    this.documents.set(key, own);
    clearTimeout(own.timer);
    own.timer = setTimeout(() => {
      void own.checks.add(document);
    }, milliseconds);
  }

  private forget({ uri }: vscode.TextDocument): void {
    const own = this.documents.get(uri.toString());
    clearTimeout(own?.timer);
    own?.watch.dispose();
    this.documents.delete(uri.toString());
    this.diagnostics.delete(uri);
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const { version, uri } = document;
    const text = document.getText();
    if (text.length > LONGEST_CHECKED) return;
    try {
      const answer = await this.tokens.get().check({ path: uri.fsPath, text });
      const own = this.documents.get(uri.toString());
      if (document.isClosed || document.version !== version || own === undefined) return;
      own.found = { version, answer };
      own.watch.set(answer.places);
      this.diagnostics.set(
        uri,
        answer.problems
          .filter(({ schema }) => !schema)
          .map(({ from, to, severity, code, message }) => {
            const diagnostic = new vscode.Diagnostic(
              new vscode.Range(document.positionAt(from), document.positionAt(to)),
              localised(message),
              severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
            );
            return Object.assign(diagnostic, { source: "ADePT", code });
          }),
      );
      this.checked.fire(uri);
    } catch (error) {
      this.log.warn(`check of ${uri.fsPath}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
