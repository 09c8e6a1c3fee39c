import { statfsSync } from "node:fs";

/** No run is started on a disk with less (bytes): it would fail soon. */
const LEAST = 16e6;
/** git's own words for a full disk; some of its messages have none. */
const WORDS = /no space left|out of diskspace|quota exceeded/i;
/** What is left on a disk that some write has just failed on (bytes). */
const REMNANT = 1e6;

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether a run can be written where the folder is. */
export const hasSpace = (folder: string): boolean => free(folder) >= LEAST;

/** Whether next to nothing can be written where the folder is. */
export const isFull = (folder: string): boolean => free(folder) < REMNANT;

/** Whether a command failed in a folder since its disk is full. */
export const failedForSpace = (error: Error, folder: string): boolean => WORDS.test(error.message) || isFull(folder);
