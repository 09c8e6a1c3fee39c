import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

// What the host's parts reach of the `vscode` module: translation, icons, events, a tree that remembers what it is told.
const filled = (text: string, values: readonly unknown[]): string => text.replace(/\{(\d)\}/g, (place, index: string) => (values.length === 0 ? place : String(values[Number(index)])));
/** What stands for a translation: the text itself, or what a test puts here. */
let translate = (text: string): string => text;
export const setTranslation = (own: (text: string) => string): void => { translate = own; };
export const l10n = { t: (text: string, ...values: readonly unknown[]): string => filled(translate(text), values) };
export class ThemeIcon { static readonly Folder = new ThemeIcon("folder"); constructor(readonly id: string) {} }
export class ThemeColor { constructor(readonly id: string) {} }
export class RelativePattern { constructor(readonly base: unknown, readonly pattern: string) {} }
export class TreeItem { description = ""; constructor(readonly label: string, readonly collapsibleState: number) {} }
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export class MarkdownString {
  value = "";
  appendMarkdown(text: string): this { this.value += text; return this; }
  appendText(text: string): this { this.value += text; return this; }
}
export const StatusBarAlignment = { Left: 1, Right: 2 };
export class Uri {
  readonly scheme = "file";
  private constructor(readonly path: string) {}
  get fsPath(): string { return this.path; }
  static file(path: string): Uri { return new Uri(path); }
  static joinPath(base: { path: string }, ...parts: string[]): Uri { return new Uri(join(base.path, ...parts)); }
  toString(): string { return `file://${this.path}`; }
}
export const ViewColumn = { Active: -1 };
export const ProgressLocation = { Notification: 15 };
export const env = { language: "en" };

const nothing = { dispose: (): void => { /* holds nothing */ } };

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose: () => void } => { this.listeners.add(listener); return { dispose: () => { this.listeners.delete(listener); } }; };
  fire(value: T): void { for (const listener of this.listeners) listener(value); }
  dispose(): void { this.listeners.clear(); }
}

export const workspace = {
  workspaceFolders: [] as { uri: { fsPath: string; toString: () => string }; name: string; index: number }[],
  onDidChangeWorkspaceFolders: () => nothing,
  isTrusted: true, textDocuments: [] as { uri: Uri; isDirty: boolean; save: () => Promise<boolean> }[],
  getConfiguration: () => ({ get: (): undefined => undefined }),
  getWorkspaceFolder: (): undefined => undefined,
  fs: { stat: (uri: Uri) => stat(uri.path), createDirectory: (uri: Uri) => mkdir(uri.path, { recursive: true }), writeFile: (uri: Uri, bytes: Uint8Array) => writeFile(uri.path, bytes) },
  createFileSystemWatcher: () => ({ ...nothing, onDidCreate: () => nothing, onDidDelete: () => nothing, onDidChange: () => nothing }),
};
export const commands = { executeCommand: (): Promise<void> => Promise.resolve() };
export class Position { constructor(readonly line: number, readonly character: number) {} }
export class Range {
  readonly start: Position; readonly end: Position;
  constructor(line: number, from: number, last: number, to: number) { this.start = new Position(line, from); this.end = new Position(last, to); }
}
export const ColorThemeKind = { Light: 1, Dark: 2, HighContrast: 3, HighContrastLight: 4 };
export const DecorationRangeBehavior = { OpenOpen: 0, ClosedClosed: 1 };
/** Decoration types that are not disposed of. */
export const decorationTypes = new Set<{ options: unknown; dispose: () => void }>();
const themes = new EventEmitter<void>();
/** What the theme is now. */
export const setTheme = (kind: number): void => { window.activeColorTheme = { kind }; themes.fire(); };
/** What the user was told, the last last. */
export const told: string[] = [];
export const window = {
  activeTextEditor: undefined as unknown,
  showInformationMessage: (text: string): Promise<undefined> => { told.push(text); return Promise.resolve(undefined); },
  showErrorMessage: (text: string): Promise<undefined> => { told.push(text); return Promise.resolve(undefined); },
  showOpenDialog: (): Promise<Uri[] | undefined> => Promise.resolve(undefined),
  showTextDocument: (): Promise<void> => Promise.resolve(),
  withProgress: <T>(_: unknown, work: () => Promise<T>): Promise<T> => work(),
  registerWebviewPanelSerializer: () => nothing,
  createWebviewPanel: (): unknown => { throw new Error("a test makes its own"); },
  activeColorTheme: { kind: 2 }, onDidChangeActiveColorTheme: themes.event,
  createTextEditorDecorationType: (options: unknown) => { const type = { options, dispose: (): void => { decorationTypes.delete(type); } }; decorationTypes.add(type); return type; },
  createTreeView: () => ({ ...nothing, selection: [], visible: true, badge: undefined, message: undefined, description: "" }),
};
