import { UserError } from "../../base/errors.ts";
import { isOpen } from "../../record/record.ts";
import { readIndex, writeIndex } from "./runIndex.ts";
import type { ReadRun } from "./runList.ts";

/**
 * Writes the index of ended runs, if runs have ended since it was written.
 * @param read all runs of the folder, just read
 */
export function keepIndex(runsDir: string, read: readonly ReadRun[]): void {
  const index = readIndex(runsDir);
  if (read.every(({ run, record, size }) => isOpen(record.status) || index.get(run.id)?.size === size)) return;
  try {
    writeIndex(
      runsDir,
      read.map(({ run, record, size }) => [run.id, { size, record }]),
    );
  } catch (error) {
    // A folder that cannot be written has no index; the next reader reads the journals again.
    if (!(error instanceof UserError)) throw error;
  }
}
