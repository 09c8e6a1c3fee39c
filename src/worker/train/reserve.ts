import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeRunFile } from "../../run/files/runFile.ts";

/** Space for a few lines of the journal (bytes), in whole blocks of any file system. */
const SIZE = 64 * 1024;
const reserveOf = (runPath: string): string => join(runPath, "reserve");

/**
 * Reserves disk space while a run works, so that on a full disk it can still report that.
 * @throws UserError where there is no space now
 */
export function keepReserve(runPath: string): void {
  writeRunFile(reserveOf(runPath), Buffer.alloc(SIZE));
}

/** Frees the space. */
export function dropReserve(runPath: string): void {
  rmSync(reserveOf(runPath), { force: true });
}
