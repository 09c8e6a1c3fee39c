import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { applyEvent, fold, isLive, isOpen, type RunRecord } from "../experiment/record.ts";
import type { JournalTail } from "../run/journal.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { Store } from "./disposable.ts";
import { host } from "./host.ts";

const POLL_MS = 500;
const ADOPT_EVERY_POLLS = 20;
const THROTTLE_MS = 250;
const STARTED = "adept.startedHere";
const MOST_STARTED = 50;

/** A run as the views see it. */
export interface Run { readonly id: string; readonly directory: RunDirectory; readonly folder: vscode.WorkspaceFolder; readonly record: RunRecord }

/** What changed since the last event: records of these ids, or the list of runs itself. */
export interface RunsChange { readonly ids: readonly string[]; readonly list: boolean }

interface Entry extends Run { readonly tail: JournalTail; record: RunRecord }

export function runsDirectory(folder: vscode.WorkspaceFolder): string {
  return join(folder.uri.fsPath, ".adept", "runs");
}

/** The host's only knowledge of runs: folds their journals, as they grow, and tells the views what changed. */
export class RunsModel extends Store {
  private readonly entries = new Map<string, Entry>();
  private readonly changed = this.register(new vscode.EventEmitter<RunsChange>());
  readonly onDidChange = this.changed.event;
  private watchers: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;
  private scheduled: NodeJS.Timeout | undefined;
  private polls = 0;

  /** @param state remembers, through a reload, which runs this window started */
  constructor(private readonly log: vscode.LogOutputChannel, private readonly state: vscode.Memento) {
    super();
    this.register(vscode.workspace.onDidChangeWorkspaceFolders(() => { this.watch(); this.refresh(); }));
    this.watch();
  }

  /** All runs, newest first. */
  runs(folder?: vscode.WorkspaceFolder): Run[] {
    return [...this.entries.values()]
      .filter((entry) => folder === undefined || entry.folder.uri.toString() === folder.uri.toString())
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** At work, or waiting for a device. */
  open(): Run[] { return this.runs().filter((run) => isOpen(run.record.status)); }

  live(): Run[] { return this.runs().filter((run) => isLive(run.record.status)); }

  find(id: string): Run | undefined { return this.entries.get(id); }

  markStartedHere(id: string): void { void this.state.update(STARTED, [...this.startedHere().filter((each) => each !== id).slice(1 - MOST_STARTED), id]); }

  wasStartedHere(id: string): boolean { return this.startedHere().includes(id); }

  /** The window said how the run ended; it does so once. */
  forgetStartedHere(id: string): void { void this.state.update(STARTED, this.startedHere().filter((each) => each !== id)); }

  private startedHere(): readonly string[] {
    const stored = this.state.get<unknown>(STARTED);
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  }

  /** Marks runs whose worker died while nobody watched, then reads everything. */
  adopt(): void {
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const directory = runsDirectory(folder);
      if (existsSync(directory)) this.guard(() => host().adoptRuns(directory));
    }
    this.refresh();
  }

  /** Reads the run directories again; new, gone and grown runs are announced. */
  refresh(): void {
    const seen = new Set<string>();
    let list = false;
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      for (const directory of this.list(folder)) {
        seen.add(directory.id);
        if (this.entries.has(directory.id)) continue;
        this.entries.set(directory.id, { id: directory.id, directory, folder, tail: new (host().JournalTail)(directory.path), record: { ...fold([]), id: directory.id, name: directory.id } });
        list = true;
      }
    }
    for (const id of this.entries.keys()) if (!seen.has(id)) { this.entries.delete(id); list = true; }
    this.announce(this.readAll([...this.entries.values()]), list);
  }

  override dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.scheduled);
    for (const watcher of this.watchers) watcher.dispose();
    super.dispose();
  }

  private list(folder: vscode.WorkspaceFolder): RunDirectory[] {
    const directory = runsDirectory(folder);
    return (existsSync(directory) ? this.guard(() => host().listRuns(directory)) : undefined) ?? [];
  }

  private readAll(entries: Entry[]): string[] {
    return entries.filter((entry) => this.guard(() => {
      const events = entry.tail.read();
      for (const event of events) entry.record = applyEvent(entry.record, event);
      return events.length > 0;
    }) ?? false).map((entry) => entry.id);
  }

  private announce(ids: string[], list: boolean): void {
    this.poll();
    if (ids.length > 0 || list) this.changed.fire({ ids, list });
  }

  /** Polls while any run is at work or waits, and rests otherwise. */
  private poll(): void {
    const open = this.open().length > 0;
    if (!open) { clearInterval(this.timer); this.timer = undefined; return; }
    this.timer ??= setInterval(() => {
      this.polls += 1;
      if (this.polls % ADOPT_EVERY_POLLS === 0) { this.adopt(); return; }
      this.announce(this.readAll([...this.entries.values()].filter((entry) => isOpen(entry.record.status))), false);
    }, POLL_MS);
  }

  private watch(): void {
    for (const watcher of this.watchers.splice(0)) watcher.dispose();
    const schedule = () => { this.scheduled ??= setTimeout(() => { this.scheduled = undefined; this.refresh(); }, THROTTLE_MS); };
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, ".adept/runs/*/events.jsonl"));
      // While a run is live the timer reads it; the watcher is for runs started, resumed or deleted elsewhere.
      this.watchers.push(watcher, watcher.onDidCreate(schedule), watcher.onDidDelete(schedule), watcher.onDidChange(() => { if (this.timer === undefined) schedule(); }));
    }
  }

  private guard<T>(work: () => T): T | undefined {
    try { return work(); } catch (error) { this.log.error(error instanceof Error ? error : String(error)); return undefined; }
  }
}
