import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { applyEvent } from "../../record/foldEvents.ts";
import { isLive, isOpen, type RunRecord } from "../../record/record.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { Folders } from "../window/folders.ts";
import { host } from "../window/host.ts";

const POLL_MS = 500;
const ADOPT_EVERY_POLLS = 20;
const THROTTLE_MS = 250;
/** So long a worker that was started here may take until it says something. */
const START_MS = 30_000;
const INDEX_AFTER_MS = 2000;
const STARTED = "adept.startedHere";
const MOST_STARTED = 50;

/** A run as the views see it. */
export interface Run {
  readonly id: string;
  readonly directory: RunDirectory;
  readonly folder: vscode.WorkspaceFolder;
  readonly record: RunRecord;
}

/** What changed since the last event: records of these ids, or the list of runs itself. */
export interface RunsChange {
  readonly ids: readonly string[];
  readonly list: boolean;
}

/** A folder that cannot be read, and why: a run's, or that of all runs. */
export interface UnreadableFolder {
  readonly path: string;
  readonly reason: string;
  readonly folder: vscode.WorkspaceFolder;
}

interface Entry extends Run {
  readonly tail: JournalTail;
  record: RunRecord;
}

/** A record under the id of its folder, whatever the journal says that it is of. */
const owned = (record: RunRecord, id: string): RunRecord =>
  record.id === id ? record : { ...record, id, ...(record.id === "" && { name: id }) };

/** Whether its journal may grow: it waits, trains, or says that it is analysed while a process does so. */
const isAtWork = ({ record, directory }: Run): boolean =>
  isOpen(record.status) ||
  (Object.values(record.analyses).some(({ status }) => status === "started" || status === "running") &&
    directory.isBeingAnalysed());

export function runsDirectory(folder: vscode.WorkspaceFolder): string {
  return join(folder.uri.fsPath, ".adept", "runs");
}

/** The host's only knowledge of runs: folds their journals, as they grow, and tells the views what changed. */
export class RunsModel extends DisposableStore {
  private readonly entries = new Map<string, Entry>();
  private unread = new Map<string, UnreadableFolder>();
  private readonly changed = this.register(new vscode.EventEmitter<RunsChange>());
  readonly onDidChange = this.changed.event;
  private watchers: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;
  private scheduled: NodeJS.Timeout | undefined;
  private polls = 0;
  private saving: NodeJS.Timeout | undefined;
  private readonly expected = new Map<string, number>();
  /** whether the index on disk has every ended run */
  private indexed = true;

  /** @param state remembers, through a reload, which runs this window started */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly state: vscode.Memento,
    readonly folders: Pick<Folders, "all" | "onDidChange">,
  ) {
    super();
    this.register(
      folders.onDidChange(() => {
        this.watch();
        this.refresh();
      }),
    );
  }

  /** All runs, newest first. */
  runs(folder?: vscode.WorkspaceFolder): Run[] {
    return [...this.entries.values()]
      .filter((entry) => folder === undefined || entry.folder.uri.toString() === folder.uri.toString())
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** At work, or waiting for a device. */
  open(): Run[] {
    return this.runs().filter((run) => isOpen(run.record.status));
  }

  live(): Run[] {
    return this.runs().filter((run) => isLive(run.record.status));
  }

  /** What could not be read when the list was read last; reading it again is trying again. */
  unreadable(folder?: vscode.WorkspaceFolder): UnreadableFolder[] {
    return [...this.unread.values()].filter(
      (each) => folder === undefined || each.folder.uri.toString() === folder.uri.toString(),
    );
  }

  find(id: string): Run | undefined {
    return this.entries.get(id);
  }

  /** Its worker was just started: it is looked after until that tells something, also where no file watcher does. */
  markStartedHere(id: string): void {
    this.expected.set(id, Date.now() + START_MS);
    void this.state.update(STARTED, [
      ...this.startedHere()
        .filter((each) => each !== id)
        .slice(1 - MOST_STARTED),
      id,
    ]);
    this.poll();
  }

  wasStartedHere(id: string): boolean {
    return this.startedHere().includes(id);
  }

  /** The window said how the run ended; it does so once. */
  forgetStartedHere(id: string): void {
    void this.state.update(
      STARTED,
      this.startedHere().filter((each) => each !== id),
    );
  }

  private startedHere(): readonly string[] {
    const stored = this.state.get<unknown>(STARTED);
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  }

  /** Reads everything, and marks runs whose worker died while nobody watched. */
  adopt(): void {
    if (this.watchers.length === 0) {
      this.watch();
      this.timed(() => {
        this.refresh();
      });
    } else this.refresh();
    // A folder that is not trusted is read, and nothing is written to it.
    if (!vscode.workspace.isTrusted) return;
    const lost = this.live()
      .filter(({ directory, record }) => this.guard(() => host().adoptRun(directory, record)) === true)
      .map(({ id }) => id);
    if (lost.length > 0) this.announce(this.readAll(lost.map((id) => this.entries.get(id)!)), false);
  }

  /**
   * Logs what reading the list has cost: what passed, and what of it this process worked, which another's load does not
   * change.
   */
  private timed(read: () => void): void {
    const from = performance.now();
    const before = process.cpuUsage();
    read();
    const { user, system } = process.cpuUsage(before);
    this.log.info(
      `${this.entries.size} runs read in ${Math.round(performance.now() - from)} ms, ${Math.round((user + system) / 1000)} ms of work`,
    );
  }

  /** Reads the run directories again; new, gone and grown runs are announced. */
  refresh(): void {
    const seen = new Set<string>();
    const before = this.unread;
    this.unread = new Map();
    let list = false;
    for (const folder of this.folders.all()) {
      const found = this.list(folder);
      const fresh = found.filter(({ id }) => !this.entries.has(id));
      for (const { id } of found) seen.add(id);
      if (fresh.length > 0 && this.add(folder, fresh)) list = true;
    }
    for (const id of this.entries.keys())
      if (!seen.has(id)) {
        this.entries.delete(id);
        list = true;
      }
    const grown = this.readAll(
      [...this.entries.values()].filter(
        ({ tail, folder, directory: { path } }) =>
          this.reading(folder, path, () => tail.size !== host().journalSize(path)) ?? false,
      ),
    );
    this.announce(grown, this.tellUnread(before) || list);
    this.keepIndex();
  }

  /**
   * Runs not known yet: their records come from the index where their journals have not grown since.
   * @returns whether one came; one that cannot be read is tried again with the next refresh
   */
  private add(folder: vscode.WorkspaceFolder, directories: readonly RunDirectory[]): boolean {
    const { JournalTail: Tail, journalSize, readIndex, readRecord } = host();
    const index = readIndex(runsDirectory(folder));
    const before = this.entries.size;
    for (const directory of directories) {
      this.reading(folder, directory.path, () => {
        const { id, path } = directory;
        const kept = index.get(id);
        const { record, size } = kept?.size === journalSize(path) ? kept : readRecord(path);
        if (kept?.size !== size) this.indexed = false;
        this.entries.set(id, { id, directory, folder, tail: new Tail(path, size), record: owned(record, id) });
      });
    }
    return this.entries.size > before;
  }

  /** Reads a folder; where that fails, the list says so instead of leaving it out. */
  private reading<T>(folder: vscode.WorkspaceFolder, path: string, work: () => T): T | undefined {
    try {
      const found = work();
      this.unread.delete(path);
      return found;
    } catch (error) {
      this.unread.set(path, { path, folder, reason: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }

  /** Logs what cannot be read any more. @returns whether that has changed */
  private tellUnread(before: ReadonlyMap<string, UnreadableFolder>): boolean {
    const fresh = [...this.unread.values()].filter(({ path, reason }) => before.get(path)?.reason !== reason);
    for (const { path, reason } of fresh) this.log.error(`${path} cannot be read: ${reason}`);
    return fresh.length > 0 || before.size !== this.unread.size;
  }

  /** Writes down the records of ended runs, a moment after something changed. */
  private keepIndex(): void {
    if (this.indexed || this.saving !== undefined) return;
    this.saving = setTimeout(() => {
      this.saving = undefined;
      this.indexed = true;
      for (const folder of vscode.workspace.isTrusted ? this.folders.all() : []) {
        const own = this.runs(folder);
        if (own.length > 0)
          this.guard(() => {
            host().writeIndex(
              runsDirectory(folder),
              own.map(({ id, record }) => [id, { size: this.entries.get(id)!.tail.size, record }]),
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

  private list(folder: vscode.WorkspaceFolder): RunDirectory[] {
    const directory = runsDirectory(folder);
    if (!existsSync(directory)) return [];
    return (
      this.reading(folder, directory, () => {
        const found = host().listRuns(directory);
        const listed = new Set(found.map(({ id }) => id));
        for (const each of host().unreadableRuns(directory, listed)) this.unread.set(each.path, { ...each, folder });
        return found;
      }) ?? []
    );
  }

  private readAll(entries: Entry[]): string[] {
    return entries
      .filter(
        (entry) =>
          this.reading(entry.folder, entry.directory.path, () => {
            const events = entry.tail.read();
            for (const event of events) entry.record = applyEvent(entry.record, event);
            entry.record = owned(entry.record, entry.id);
            if (events.length > 0 && !isOpen(entry.record.status)) this.indexed = false;
            return events.length > 0;
          }) ?? false,
      )
      .map((entry) => entry.id);
  }

  private announce(ids: string[], list: boolean): void {
    this.poll();
    if (ids.length > 0 || list) this.changed.fire({ ids, list });
  }

  private isWatched(entry: Entry): boolean {
    const until = this.expected.get(entry.id);
    if (until !== undefined && (isOpen(entry.record.status) || Date.now() > until)) this.expected.delete(entry.id);
    return isAtWork(entry) || this.expected.has(entry.id);
  }

  /** Polls while any run is at work, waits or is analysed, and rests otherwise. */
  private poll(): void {
    const open = [...this.entries.values()].some((entry) => this.isWatched(entry));
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
      const before = new Map(this.unread);
      const ids = this.readAll([...this.entries.values()].filter((entry) => this.isWatched(entry)));
      this.announce(ids, this.tellUnread(before));
    }, POLL_MS);
  }

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
      // While a run is live the timer reads it; the watcher is for runs started, resumed or deleted elsewhere.
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

  private guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      return undefined;
    }
  }
}
