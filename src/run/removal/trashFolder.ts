import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns the folder in which deleted runs are kept for a week: `.adept/trash` beside `.adept/runs`. */
export const trashOf = (runsDir: string): string => join(dirname(runsDir), "trash");

/** The ids of the deleted runs, which may come back. */
export const idsInTrash = (runsDir: string): string[] =>
  existsSync(trashOf(runsDir)) ? readdirSync(trashOf(runsDir)) : [];
