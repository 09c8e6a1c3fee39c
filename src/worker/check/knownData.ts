import { statSync } from "node:fs";
import type { Example } from "../../task/example.ts";
import { loadMailTask } from "../../task/mailTask.ts";
import { firstRows, type SomeRows } from "../../task/rows/readRows.ts";

/** Bytes of a data file that are read for a preview. */
const LOOKED_AT = 32e6;
/** The number of files whose rows are kept. */
const MOST = 2;
/** The split of an experiment that says nothing of it. */
export const DRAFT_SPLIT = { validation: 0.1, test: 0.1, seed: 42 };

/** Rows of the data files that were previewed last; a file is read again when it changes. */
export class KnownData {
  private readonly files = new Map<string, Promise<SomeRows>>();
  private sample: Promise<readonly Example[]> | undefined;

  /** @param bytes bytes of a file that are read */
  constructor(private readonly bytes = LOOKED_AT) {}

  /**
   * The first rows of a file; of most files all.
   * @throws UserError where they cannot be read
   */
  async rows(path: string): Promise<SomeRows> {
    const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
    const key = [path, mtimeMs, size, ino].join(" ");
    const known = this.files.get(key) ?? firstRows(path, this.bytes);
    // The file used last is at the end; of a changed file only the new version stays.
    for (const other of this.files.keys()) if (other === key || other.startsWith(`${path} `)) this.files.delete(other);
    this.files.set(key, known);
    for (const oldest of [...this.files.keys()].slice(0, -MOST)) this.files.delete(oldest);
    try {
      return await known;
    } catch (error) {
      this.files.delete(key);
      throw error;
    }
  }

  /** All mails of the sample task. */
  async mail(): Promise<readonly Example[]> {
    this.sample ??= loadMailTask({ kind: "mail", maxBodyCharacters: 600, split: DRAFT_SPLIT, shots: undefined }).then(
      ({ train, validation, test }) => [...train, ...validation, ...test],
    );
    try {
      return await this.sample;
    } catch (error) {
      this.sample = undefined;
      throw error;
    }
  }
}
