import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeRunFile } from "../../run/files/runFile.ts";

/** Room for a few lines of the journal (bytes), in whole blocks of any file system. */
const SIZE = 64 * 1024;
const reserveOf = (runPath: string): string => join(runPath, "reserve");

/**
 * Takes some space while a run is at work, so that on a disk which fills it can still say so.
 * @throws UserError when there is none now
 */
export function keepReserve(runPath: string): void {
  writeRunFile(reserveOf(runPath), Buffer.alloc(SIZE));
}

/** Gives the space back. */
export function dropReserve(runPath: string): void {
  rmSync(reserveOf(runPath), { force: true });
}
