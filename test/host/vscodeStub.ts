import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

// What the host's parts reach of the `vscode` module: translation, icons, events, a tree that remembers what it is
// told.
const filled = (text: string, values: readonly unknown[]): string =>
  text.replace(/\{(\d)\}/g, (place, index: string) => (values.length === 0 ? place : String(values[Number(index)])));
/** What stands for a translation: the text itself, or what a test puts here. */
let translate = (text: string): string => text;
export const setTranslation = (own: (text: string) => string): void => {
  translate = own;
};
export const l10n = { t: (text: string, ...values: readonly unknown[]): string => filled(translate(text), values) };
export class ThemeIcon {
  static readonly Folder = new ThemeIcon("folder");
  constructor(readonly id: string) {}
}
export class ThemeColor {
  constructor(readonly id: string) {}
}
export class RelativePattern {
  constructor(
    readonly base: unknown,
    readonly pattern: string,
  ) {}
}
export class TreeItem {
  description = "";
  constructor(
    readonly label: string,
    readonly collapsibleState: number,
  ) {}
}
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export class MarkdownString {
  value = "";
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
  appendText(text: string): this {
    this.value += text;
    return this;
  }
}
export const StatusBarAlignment = { Left: 1, Right: 2 };
export class Uri {
  readonly scheme = "file";
  private constructor(readonly path: string) {}
  get fsPath(): string {
    return this.path;
  }
  static file(path: string): Uri {
    return new Uri(path);
  }
  static joinPath(base: { path: string }, ...parts: string[]): Uri {
    return new Uri(join(base.path, ...parts));
  }
  toString(): string {
    return `file://${this.path}`;
  }
}
export const ViewColumn = { Active: -1, Beside: -2 };
export class Hover {
  constructor(
    readonly contents: MarkdownString[],
    readonly range: unknown,
  ) {}
}
export const env = { language: "en" };

const nothing = {
  dispose: (): void => {
    /* holds nothing */
  },
};

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose: () => void } => {
    this.listeners.add(listener);
    return {
      dispose: () => {
        this.listeners.delete(listener);
      },
    };
  };
  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

/** What settings.json holds. */
export const settings = new Map<string, unknown>();
/** Warnings that were shown. */
export const warnings: string[] = [];
/** What a test lets happen: in editors, to documents, to files. */
export const events = {
  visibleEditors: new EventEmitter<void>(),
  visibleRanges: new EventEmitter<{ textEditor: unknown }>(),
  viewColumn: new EventEmitter<void>(),
  selection: new EventEmitter<{ textEditor: unknown }>(),
  activeEditor: new EventEmitter<unknown>(),
  opened: new EventEmitter<unknown>(),
  changed: new EventEmitter<{ document: unknown; contentChanges: unknown[] }>(),
  saved: new EventEmitter<{ uri: Uri }>(),
  closed: new EventEmitter<unknown>(),
  created: new EventEmitter<{ files: Uri[] }>(),
  deleted: new EventEmitter<{ files: Uri[] }>(),
  renamed: new EventEmitter<{ files: { oldUri: Uri; newUri: Uri }[] }>(),
  trusted: new EventEmitter<void>(),
};
/** The watchers that are not disposed of. */
export const watchers = new Set<{ pattern: unknown; changed: () => void }>();

export const workspace = {
  getConfiguration: () => ({ get: (name: string): unknown => settings.get(name) }),
  workspaceFolders: [] as { uri: { fsPath: string; toString: () => string }; name: string; index: number }[],
  onDidChangeWorkspaceFolders: () => nothing,
  registerTextDocumentContentProvider: () => nothing,
  isTrusted: true,
  textDocuments: [] as { uri: Uri; isDirty: boolean; save: () => Promise<boolean> }[],
  onDidOpenTextDocument: events.opened.event,
  onDidChangeTextDocument: events.changed.event,
  onDidSaveTextDocument: events.saved.event,
  onDidCloseTextDocument: events.closed.event,
  onDidCreateFiles: events.created.event,
  onDidDeleteFiles: events.deleted.event,
  onDidRenameFiles: events.renamed.event,
  onDidGrantWorkspaceTrust: events.trusted.event,
  getWorkspaceFolder: (): undefined => undefined,
  fs: {
    stat: (uri: Uri) => stat(uri.path),
    createDirectory: (uri: Uri) => mkdir(uri.path, { recursive: true }),
    writeFile: (uri: Uri, bytes: Uint8Array) => writeFile(uri.path, bytes),
  },
  createFileSystemWatcher: (pattern: unknown) => {
    const heard = new EventEmitter<void>();
    const watcher = {
      pattern,
      changed: (): void => {
        heard.fire();
      },
    };
    watchers.add(watcher);
    return {
      dispose: (): void => {
        watchers.delete(watcher);
      },
      onDidCreate: heard.event,
      onDidDelete: heard.event,
      onDidChange: heard.event,
    };
  },
};
export class Disposable {
  static from(...all: { dispose: () => void }[]): { dispose: () => void } {
    return {
      dispose: (): void => {
        for (const each of all) each.dispose();
      },
    };
  }
}
export const DiagnosticSeverity = { Error: 0, Warning: 1 };
export class Diagnostic {
  constructor(
    readonly range: unknown,
    readonly message: string,
    readonly severity: number,
  ) {}
}
/** What stands under each document. */
export const diagnostics = new Map<string, Diagnostic[]>();
export const languages = {
  match: (_: unknown, { fileName }: { fileName: string }): number => (fileName.endsWith(".adept.json") ? 1 : 0),
  createDiagnosticCollection: () => ({
    ...nothing,
    set: (uri: Uri, list: Diagnostic[]): void => {
      diagnostics.set(uri.path, list);
    },
    delete: (uri: Uri): void => {
      diagnostics.delete(uri.path);
    },
  }),
  registerHoverProvider: () => nothing,
};
/** What the `when` clauses of menus read. */
export const contexts = new Map<string, unknown>();
export const commands = {
  executeCommand: (command: string, ...[key, value]: unknown[]): Promise<void> => {
    if (command === "setContext") contexts.set(String(key), value);
    return Promise.resolve();
  },
};
export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}
export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(line: number, from: number, last: number, to: number) {
    this.start = new Position(line, from);
    this.end = new Position(last, to);
  }
}
export const ColorThemeKind = { Light: 1, Dark: 2, HighContrast: 3, HighContrastLight: 4 };
export const DecorationRangeBehavior = { OpenOpen: 0, ClosedClosed: 1 };
/** Decoration types that are not disposed of. */
export const decorationTypes = new Set<{ options: unknown; dispose: () => void }>();
const themes = new EventEmitter<void>();
/** What the theme is now. */
export const setTheme = (kind: number): void => {
  window.activeColorTheme = { kind };
  themes.fire();
};
/** The status bar's one item. */
export const statusItem = {
  ...nothing,
  name: "",
  text: "",
  command: "",
  tooltip: undefined as MarkdownString | undefined,
  accessibilityInformation: undefined as unknown,
  shown: false,
  show(): void {
    this.shown = true;
  },
  hide(): void {
    this.shown = false;
  },
};
/** What the user was told, the last last. */
export const told: string[] = [];
/** Waits that are shown, and Cancel for each that has it. */
export const waits: { title: string; cancel: (() => void) | undefined; over: boolean }[] = [];
/** What a test answers to the questions that come, the next first; the texts that the last warning let choose from. */
export const answers: string[] = [];
export const choicesOfWarning: string[] = [];
interface InputBox {
  value?: string;
  prompt?: string;
  validateInput?: (text: string) => string | undefined;
}
export const ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 };

export const window = {
  state: { focused: true },
  onDidChangeWindowState: () => nothing,
  activeTextEditor: undefined as unknown,
  visibleTextEditors: [] as unknown[],
  onDidChangeVisibleTextEditors: events.visibleEditors.event,
  onDidChangeTextEditorVisibleRanges: events.visibleRanges.event,
  onDidChangeTextEditorViewColumn: events.viewColumn.event,
  onDidChangeTextEditorSelection: events.selection.event,
  onDidChangeActiveTextEditor: events.activeEditor.event,
  createStatusBarItem: () => statusItem,
  showInformationMessage: (text: string): Promise<undefined> => {
    told.push(text);
    return Promise.resolve(undefined);
  },
  showErrorMessage: (text: string): Promise<undefined> => {
    told.push(text);
    return Promise.resolve(undefined);
  },
  showWarningMessage: (text: string, ...rest: unknown[]): Promise<string | undefined> => {
    warnings.push(text);
    const choices = rest.filter((each) => typeof each === "string");
    choicesOfWarning.splice(0, choicesOfWarning.length, ...choices);
    const answer = answers.shift();
    if (answer !== undefined && !choices.includes(answer)) throw new Error(`${answer} is none of ${choices.join()}`);
    return Promise.resolve(answer);
  },
  showInputBox: ({ value, prompt = "", validateInput }: InputBox): Promise<string | undefined> => {
    told.push(`${prompt} [${value ?? ""}]`);
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
      const wrong = validateInput?.(answer);
      if (wrong === undefined) return Promise.resolve(answer);
      told.push(wrong);
    }
    return Promise.resolve(undefined);
  },
  showOpenDialog: (): Promise<Uri[] | undefined> => Promise.resolve(undefined),
  showTextDocument: (): Promise<void> => Promise.resolve(),
  registerWebviewPanelSerializer: () => nothing,
  createWebviewPanel: (): unknown => {
    throw new Error("a test makes its own");
  },
  withProgress: async <T>(
    { title, cancellable = false }: { title: string; cancellable?: boolean },
    work: (progress: unknown, token: { onCancellationRequested: (listener: () => void) => void }) => Promise<T>,
  ): Promise<T> => {
    const wait = { title, cancel: undefined as (() => void) | undefined, over: false };
    waits.push(wait);
    try {
      return await work(
        {},
        {
          onCancellationRequested: (listener) => {
            if (cancellable) wait.cancel = listener;
          },
        },
      );
    } finally {
      wait.over = true;
    }
  },
  activeColorTheme: { kind: 2 },
  onDidChangeActiveColorTheme: themes.event,
  createTextEditorDecorationType: (options: unknown) => {
    const type = {
      options,
      dispose: (): void => {
        decorationTypes.delete(type);
      },
    };
    decorationTypes.add(type);
    return type;
  },
  createTreeView: () => ({
    ...nothing,
    selection: [],
    visible: true,
    badge: undefined,
    message: undefined,
    description: "",
  }),
};
