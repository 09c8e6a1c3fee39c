import { statfsSync } from "node:fs";

/** Free bytes that a disk must have before a run is started on it; with less the run would soon fail. */
const LEAST = 16e6;
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
