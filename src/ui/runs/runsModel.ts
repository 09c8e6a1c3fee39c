import { existsSync } from "node:fs";
import { phraseOf } from "../../base/errors.ts";
import { english, type Phrase, verbatim } from "../../base/phrase.ts";
import { join } from "node:path";
import * as vscode from "vscode";
import { applyEvent } from "../../record/foldEvents.ts";
import { isLive, isOpen, type RunRecord } from "../../record/record.ts";
import type { Where } from "../../executor/executor.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { Folders } from "../window/folders.ts";
import { host } from "../window/host.ts";
import { StartedRuns } from "./startedRuns.ts";

/** Interval in ms at which journals of runs at work are read. */
const POLL_MS = 500;
/** Every this many polls the run directories are read again, and runs whose worker died are marked. */
const ADOPT_EVERY_POLLS = 20;
/** Time in ms in which the events of file watchers are collected. */
const THROTTLE_MS = 250;
/** Time in ms that a worker that was started here may take until it writes to the journal. */
const START_MS = 30_000;
/** Time in ms after a change at which the index of ended runs is written. */
const INDEX_AFTER_MS = 2000;

/** A run as views see it. */
export interface Run {
  readonly id: string;
  readonly directory: RunDirectory;
  readonly folder: vscode.WorkspaceFolder;
  readonly record: RunRecord;
  /** Where a cluster says that the run is; undefined for one of this machine, and until the cluster was asked. */
  readonly where?: Where | undefined;
}

/** What changed since the last event. */
export interface RunsChange {
  /** Runs whose record changed. */
  readonly ids: readonly string[];
  /** Whether runs were added or removed, or folders became readable or unreadable. */
  readonly list: boolean;
}

/** A run's folder, or the folder of all runs, that cannot be read. */
export interface UnreadableFolder {
  readonly path: string;
  readonly reason: Phrase;
  readonly folder: vscode.WorkspaceFolder;
}

interface Entry extends Run {
  /** Reads what is appended to the journal. */
  readonly tail: JournalTail;
  record: RunRecord;
  where?: Where | undefined;
}

/** Returns a record with the id of its folder, even if the journal names another. */
const withFolderId = (record: RunRecord, id: string): RunRecord =>
  record.id === id ? record : { ...record, id, ...(record.id === "" && { name: id }) };

/** Whether a run's journal may grow: the run waits or trains, or a process is analysing it. */
const isAtWork = ({ record, directory }: Run): boolean =>
  isOpen(record.status) ||
  (Object.values(record.analyses).some(({ status }) => status === "started" || status === "running") &&
    directory.isBeingAnalysed());

/** Returns the directory that holds the runs of a workspace folder. */
export function runsDirectory(folder: vscode.WorkspaceFolder): string {
  return join(folder.uri.fsPath, ".adept", "runs");
}

/** All runs that the extension knows: folds their journals into records as they grow, and fires events for views. */
export class RunsModel extends DisposableStore {
  private readonly entries = new Map<string, Entry>();
  private unreadableFolders = new Map<string, UnreadableFolder>();
  private readonly changed = this.register(new vscode.EventEmitter<RunsChange>());
  readonly onDidChange = this.changed.event;
  private watchers: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Runs a refresh soon after a file watcher's event. */
  private scheduled: NodeJS.Timeout | undefined;
  private polls = 0;
  /** Writes the index soon after a change. */
  private saving: NodeJS.Timeout | undefined;
  private readonly started: StartedRuns;
  /** Runs whose worker was just started, with the time in ms until which they are polled. */
  private readonly expected = new Map<string, number>();
  /** Whether the index on disk has every ended run. */
  private indexed = true;

  /** @param state workspace state, which keeps the runs that this window started */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    state: vscode.Memento,
    readonly folders: Pick<Folders, "all" | "onDidChange">,
  ) {
    super();
    this.started = new StartedRuns(state);
    this.register(
      folders.onDidChange(() => {
        this.watch();
        this.refresh();
      }),
    );
  }

  /** Returns all runs, newest first. */
  runs(folder?: vscode.WorkspaceFolder): Run[] {
    return [...this.entries.values()]
      .filter((entry) => folder === undefined || entry.folder.uri.toString() === folder.uri.toString())
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Returns runs that are at work or wait for a device. */
  open(): Run[] {
    return this.runs().filter((run) => isOpen(run.record.status));
  }

  /** Returns runs that are at work. */
  live(): Run[] {
    return this.runs().filter((run) => isLive(run.record.status));
  }

  /** Returns the folders that could not be read at the last refresh. */
  unreadable(folder?: vscode.WorkspaceFolder): UnreadableFolder[] {
    return [...this.unreadableFolders.values()].filter(
      (each) => folder === undefined || each.folder.uri.toString() === folder.uri.toString(),
    );
  }

  /** Notes where the runs of clusters are, each by its id. */
  setPlaces(places: ReadonlyMap<string, Where>): void {
    const moved = [...this.entries.values()].filter(
      ({ id, where }) => JSON.stringify(where) !== JSON.stringify(places.get(id)),
    );
    for (const entry of moved) entry.where = places.get(entry.id);
    if (moved.length > 0) this.changed.fire({ ids: moved.map(({ id }) => id), list: false });
  }

  find(id: string): Run | undefined {
    return this.entries.get(id);
  }

  /** Notes that a run's worker was just started, and polls the run until the worker writes to its journal. */
  markStartedHere(id: string): void {
    this.expected.set(id, Date.now() + START_MS);
    this.started.add(id);
    this.poll();
  }

  /** Whether this window started a run and has not yet said how it ended. */
  wasStartedHere(id: string): boolean {
    return this.started.has(id);
  }

  /** Forgets a run that this window started, because the window has said how it ended. */
  forgetStartedHere(id: string): void {
    this.started.remove(id);
  }

  /** Reads all runs, and marks those whose worker died while no window was open. */
  adopt(): void {
    if (this.watchers.length === 0) {
      this.watch();
      this.logTime(() => {
        this.refresh();
      });
    } else this.refresh();
    // Nothing is written to a folder that is not trusted.
    if (!vscode.workspace.isTrusted) return;
    const lost = this.live()
      .filter(({ directory, record }) => this.guard(() => host().markIfInterrupted(directory, record)) === true)
      .map(({ id }) => id);
    if (lost.length > 0) this.fireChanges(this.readAll(lost.map((id) => this.entries.get(id)!)), false);
  }

  /**
   * Logs the time that reading the list took: the time that passed, and the processor time of this process, which does
   * not depend on the load by others.
   */
  private logTime(read: () => void): void {
    const from = performance.now();
    const before = process.cpuUsage();
    read();
    const { user, system } = process.cpuUsage(before);
    this.log.info(
      `${this.entries.size} runs read in ${Math.round(performance.now() - from)} ms, ${Math.round((user + system) / 1000)} ms of work`,
    );
  }

  /** Reads the run directories again, and fires an event for runs that are new, gone or have grown. */
  refresh(): void {
    const found = new Set<string>();
    const before = this.unreadableFolders;
    this.unreadableFolders = new Map();
    let list = false;
    for (const folder of this.folders.all()) {
      const listed = this.list(folder);
      const added = listed.filter(({ id }) => !this.entries.has(id));
      for (const { id } of listed) found.add(id);
      if (added.length > 0 && this.add(folder, added)) list = true;
    }
    for (const id of this.entries.keys())
      if (!found.has(id)) {
        this.entries.delete(id);
        list = true;
      }
    const grown = this.readAll(
      [...this.entries.values()].filter(
        ({ tail, folder, directory: { path } }) =>
          this.tryReading(folder, path, () => tail.size !== host().journalSize(path)) ?? false,
      ),
    );
    this.fireChanges(grown, this.logUnreadable(before) || list);
    this.scheduleIndex();
  }

  /**
   * Adds runs that are new in the list. Their records come from the index unless their journals have grown since it was
   * written. A run that cannot be read is tried again at the next refresh.
   * @returns whether at least one was added
   */
  private add(folder: vscode.WorkspaceFolder, directories: readonly RunDirectory[]): boolean {
    const { JournalTail: Tail, journalSize, readIndex, readRecord } = host();
    const index = readIndex(runsDirectory(folder));
    const before = this.entries.size;
    for (const directory of directories) {
      this.tryReading(folder, directory.path, () => {
        const { id, path } = directory;
        const indexed = index.get(id);
        const { record, size } = indexed?.size === journalSize(path) ? indexed : readRecord(path);
        if (indexed?.size !== size) this.indexed = false;
        this.entries.set(id, { id, directory, folder, tail: new Tail(path, size), record: withFolderId(record, id) });
      });
    }
    return this.entries.size > before;
  }

  /** Reads a folder. If that fails, notes the folder as unreadable and returns undefined. */
  private tryReading<T>(folder: vscode.WorkspaceFolder, path: string, work: () => T): T | undefined {
    try {
      const found = work();
      this.unreadableFolders.delete(path);
      return found;
    } catch (error) {
      this.unreadableFolders.set(path, {
        path,
        folder,
        reason: phraseOf(error),
      });
      return undefined;
    }
  }

  /** Logs folders that have become unreadable. @returns whether the unreadable folders have changed */
  private logUnreadable(before: ReadonlyMap<string, UnreadableFolder>): boolean {
    const added = [...this.unreadableFolders.values()].filter(
      ({ path, reason }) => english(before.get(path)?.reason ?? "") !== english(reason),
    );
    for (const { path, reason } of added) this.log.error(`${path} cannot be read: ${english(reason)}`);
    return added.length > 0 || before.size !== this.unreadableFolders.size;
  }

  /** Writes the index of ended runs, a moment after a change. */
  private scheduleIndex(): void {
    if (this.indexed || this.saving !== undefined) return;
    this.saving = setTimeout(() => {
      this.saving = undefined;
      this.indexed = true;
      for (const folder of vscode.workspace.isTrusted ? this.folders.all() : []) {
        const runs = this.runs(folder);
        if (runs.length > 0)
          this.guard(() => {
            host().writeIndex(
              runsDirectory(folder),
              runs.map(({ id, record }) => [id, { size: this.entries.get(id)!.tail.size, record }]),
            );
          });
      }
    }, INDEX_AFTER_MS);
  }

  override dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.scheduled);
    clearTimeout(this.saving);
    for (const watcher of this.watchers) watcher.dispose();
    super.dispose();
  }

  /** Lists the runs of a folder, and notes those that cannot be read. */
  private list(folder: vscode.WorkspaceFolder): RunDirectory[] {
    const directory = runsDirectory(folder);
    if (!existsSync(directory)) return [];
    return (
      this.tryReading(folder, directory, () => {
        const found = host().listRuns(directory);
        const listed = new Set(found.map(({ id }) => id));
        for (const { path, reason } of host().unreadableRuns(directory, listed))
          this.unreadableFolders.set(path, { path, folder, reason: verbatim(reason) });
        return found;
      }) ?? []
    );
  }

  /** Reads what was appended to journals. @returns the ids of the runs that have grown */
  private readAll(entries: Entry[]): string[] {
    return entries
      .filter(
        (entry) =>
          this.tryReading(entry.folder, entry.directory.path, () => {
            const events = entry.tail.read();
            for (const event of events) entry.record = applyEvent(entry.record, event);
            entry.record = withFolderId(entry.record, entry.id);
            if (events.length > 0 && !isOpen(entry.record.status)) this.indexed = false;
            return events.length > 0;
          }) ?? false,
      )
      .map((entry) => entry.id);
  }

  /** Adapts the polling to the runs, and fires an event if anything changed. */
  private fireChanges(ids: string[], list: boolean): void {
    this.poll();
    if (ids.length > 0 || list) this.changed.fire({ ids, list });
  }

  private isPolled(entry: Entry): boolean {
    const until = this.expected.get(entry.id);
    if (until !== undefined && (isOpen(entry.record.status) || Date.now() > until)) this.expected.delete(entry.id);
    return isAtWork(entry) || this.expected.has(entry.id);
  }

  /** Starts polling while any run is at work, waits or is analysed, and stops it otherwise. */
  private poll(): void {
    const open = [...this.entries.values()].some((entry) => this.isPolled(entry));
    if (!open) {
      clearInterval(this.timer);
      this.timer = undefined;
      return;
    }
    this.timer ??= setInterval(() => {
      this.polls += 1;
      if (this.polls % ADOPT_EVERY_POLLS === 0) {
        this.adopt();
        return;
      }
      const before = new Map(this.unreadableFolders);
      const ids = this.readAll([...this.entries.values()].filter((entry) => this.isPolled(entry)));
      this.fireChanges(ids, this.logUnreadable(before));
    }, POLL_MS);
  }

  /** Watches the run directories of all folders. */
  private watch(): void {
    for (const watcher of this.watchers.splice(0)) watcher.dispose();
    const schedule = () => {
      this.scheduled ??= setTimeout(() => {
        this.scheduled = undefined;
        this.refresh();
      }, THROTTLE_MS);
    };
    for (const folder of this.folders.all()) {
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(folder, ".adept/runs/*/events.jsonl"),
      );
      // Polling reads runs at work; the watcher is for runs that another program starts, resumes or deletes.
      this.watchers.push(
        watcher,
        watcher.onDidCreate(schedule),
        watcher.onDidDelete(schedule),
        watcher.onDidChange(() => {
          if (this.timer === undefined) schedule();
        }),
      );
    }
  }

  /** Runs work whose failure is logged and does not matter otherwise. */
  private guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      return undefined;
    }
  }
}
