import { statfsSync } from "node:fs";

/** Free bytes that a disk must have before a run is started on it; with less the run would soon fail. */
const LEAST = 16e6;
/** The texts by which git reports a full disk; some of its messages have none of them. */
const WORDS = /no space left|out of diskspace|quota exceeded/i;
/** A disk on which a write has just failed and that has fewer free bytes than this counts as full. */
const REMNANT = 1e6;

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether the folder's disk has enough space to start a run. */
export const hasSpace = (folder: string): boolean => free(folder) >= LEAST;

/** Whether the folder's disk is full, but for a remnant. */
export const isFull = (folder: string): boolean => free(folder) < REMNANT;

/** Whether a command that worked in the folder failed because its disk is full. */
export const failedForSpace = (error: Error, folder: string): boolean => WORDS.test(error.message) || isFull(folder);
