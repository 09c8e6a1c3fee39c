import { sep } from "node:path";
import * as vscode from "vscode";
import { LONGEST_CHECKED } from "../../protocol/limits.ts";
import type { CheckAnswer } from "../../protocol/setupQuestions.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { localised } from "../window/localised.ts";
import { Newest } from "../window/newest.ts";
import { PathWatch } from "../window/pathWatch.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";

/** Selects experiment files, for language features. */
export const EXPERIMENTS: vscode.DocumentSelector = { scheme: "file", language: "jsonc", pattern: "**/*.adept.json" };
const isExperiment = (document: vscode.TextDocument): boolean => vscode.languages.match(EXPERIMENTS, document) > 0;

/** Time in ms after the last keystroke at which a document is checked. */
const DELAY_MS = 300;

/** The state of one experiment document. */
interface CheckedDocument {
  /** The newest answer, and the document's version that it is about. */
  found?: { version: number; answer: CheckAnswer };
  timer?: NodeJS.Timeout | undefined;
  /** Runs one check at a time. */
  readonly checks: Newest<vscode.TextDocument>;
  /** Watches the files that the experiment names. */
  readonly watch: PathWatch;
}

/** Whether a change at `path` may change what is at `place`: one is the other or contains it. */
const touches = (path: string, place: string): boolean =>
  path === place || path.startsWith(place + sep) || place.startsWith(path + sep);

/** Checks open experiment files while they are typed, for problems that the schema cannot find, and shows them. */
export class ExperimentChecks extends DisposableStore {
  private readonly diagnostics = this.register(vscode.languages.createDiagnosticCollection("adept"));
  private readonly documents = new Map<string, CheckedDocument>();
  private readonly checked = this.register(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidCheck = this.checked.event;

  constructor(
    private readonly tokens: SharedTokenWorker,
    private readonly log: vscode.LogOutputChannel,
  ) {
    super();
    this.followDocuments();
    this.followFiles();
    const first = setTimeout(() => {
      this.checkAll(() => true);
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

  private followDocuments(): void {
    const { workspace } = vscode;
    this.register(
      workspace.onDidOpenTextDocument((document) => {
        this.schedule(document, 0);
      }),
    );
    this.register(
      workspace.onDidChangeTextDocument(({ document }) => {
        this.schedule(document, DELAY_MS);
      }),
    );
    this.register(
      workspace.onDidCloseTextDocument((document) => {
        this.forget(document);
      }),
    );
    this.register(
      workspace.onDidGrantWorkspaceTrust(() => {
        this.checkAll(() => true);
      }),
    );
  }

  private followFiles(): void {
    const { workspace } = vscode;
    // Writing, renaming or deleting a data file can fix an experiment or break it.
    this.register(
      workspace.onDidSaveTextDocument(({ uri }) => {
        this.checkUsersOf([uri]);
      }),
    );
    this.register(
      workspace.onDidCreateFiles(({ files }) => {
        this.checkUsersOf(files);
      }),
    );
    this.register(
      workspace.onDidDeleteFiles(({ files }) => {
        this.checkUsersOf(files);
      }),
    );
    this.register(
      workspace.onDidRenameFiles(({ files }) => {
        this.checkUsersOf(files.flatMap(({ oldUri, newUri }) => [oldUri, newUri]));
      }),
    );
  }

  /** Returns the answer about a document as it is now; undefined until its check has ended. */
  of(document: vscode.TextDocument): CheckAnswer | undefined {
    const known = this.documents.get(document.uri.toString())?.found;
    return known?.version === document.version ? known.answer : undefined;
  }

  private checkAll(wanted: (document: vscode.TextDocument) => boolean): void {
    for (const document of vscode.workspace.textDocuments) if (wanted(document)) this.schedule(document, DELAY_MS);
  }

  /** Checks the experiments again that name one of the changed files, and those without an answer. */
  private checkUsersOf(changed: readonly vscode.Uri[]): void {
    this.checkAll(
      ({ uri }) =>
        this.documents
          .get(uri.toString())
          ?.found?.answer.places.some((place) => changed.some(({ fsPath }) => touches(fsPath, place))) ?? true,
    );
  }

  private schedule(document: vscode.TextDocument, milliseconds: number): void {
    if (!isExperiment(document) || !vscode.workspace.isTrusted) return;
    const key = document.uri.toString();
    const own: CheckedDocument = this.documents.get(key) ?? {
      checks: new Newest((each) => this.check(each)),
      watch: new PathWatch(() => {
        this.schedule(document, DELAY_MS);
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
