import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { exporting } from "../outputFile.ts";
import { makeFolder, syncFile } from "../../base/files/atomicFile.ts";
import { continuation } from "../tensorboard/continued.ts";
import { eventRecords, valueRecords, type EventRecord } from "../tensorboard/eventFile.ts";
import { eventFilePath } from "../tensorboard/tensorboard.ts";
import { trackedRun, type RunSource } from "../trackedRun.ts";
import { liveRun, Repeats, type Change, type LiveTracker } from "./liveTracker.ts";

/** The event file as this process has left it. */
interface Left {
  path: string;
  size: number;
  inode: number;
  repeats: Repeats;
}

const bytesOf = (records: readonly EventRecord[]): Buffer => Buffer.concat(records.map(({ bytes }) => bytes));

/**
 * Keeps a run's event file growing. A TensorBoard that is open holds the file and its place in it, so that bytes are
 * only ever added.
 */
export class LiveTensorboard implements LiveTracker {
  readonly name = "tensorboard";
  readonly writesWhole = false;
  private left: Left | undefined;

  /** @param folder TensorBoard's folder */
  constructor(private readonly folder: string) {}

  bring({ added, whole, isLast }: Change): Promise<void> {
    const { left } = this;
    const isPlain = left !== undefined && added !== undefined && this.isAsLeft(left) && !left.repeats.any(added.events);
    if (isPlain) this.append(left, bytesOf(valueRecords(trackedRun(added))));
    if (!isPlain || isLast) this.bringWhole(whole());
    if (isLast && this.left !== undefined) syncFile(this.left.path);
    return Promise.resolve();
  }

  /** Whether nobody else has written or replaced the file, as an export does. */
  private isAsLeft({ path, size, inode }: Left): boolean {
    const now = statSync(path, { throwIfNoEntry: false });
    return now?.size === size && now.ino === inode;
  }

  private append(left: Left, bytes: Buffer): void {
    if (bytes.length === 0) return;
    exporting(left.path, () => {
      appendFileSync(left.path, bytes);
    });
    left.size += bytes.length;
  }

  private bringWhole(source: RunSource): void {
    this.left = undefined;
    const run = liveRun(source);
    const path = eventFilePath(run, this.folder);
    const wanted = eventRecords(run);
    const file = existsSync(path) ? readFileSync(path) : undefined;
    const next = file && continuation(file, wanted, Date.now() / 1000);
    const { keep, records } = next ?? { keep: 0, records: wanted };
    exporting(path, () => {
      // Not by another file that is renamed: TensorBoard would read that one, too.
      makeFolder(dirname(path));
      // Half a record of a process that was killed.
      if (file !== undefined && keep < file.length) truncateSync(path, keep);
      appendFileSync(path, bytesOf(records));
    });
    const { size, ino: inode } = statSync(path);
    this.left = { path, size, inode, repeats: new Repeats(source.events) };
  }
}
