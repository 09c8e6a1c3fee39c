import { existsSync } from "node:fs";
import { fileEnd } from "../base/files/fileEnd.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import type { RunLog } from "./executor.ts";

/** The end of a file that was printed to; none where it is not there. */
export const logAt = (title: string, path: string, most: number): RunLog[] =>
  existsSync(path) ? [{ title, path, ...fileEnd(path, most) }] : [];

/** What a run's own processes have printed. */
export const ownLog = (run: RunDirectory, most: number): RunLog[] => logAt("log.txt", run.logPath, most);

/**
 * Logs one below the other, each under its title; those that say nothing are left out.
 * @param leftOut what is said of bytes that are left out
 */
export const logsText = (logs: readonly RunLog[], leftOut: (log: RunLog) => string): string =>
  logs
    .filter(({ text }) => text.trim() !== "")
    .map((log) =>
      [`== ${log.title} (${log.path})`, ...(log.before > 0 ? [leftOut(log)] : []), log.text.trimEnd()].join("\n"),
    )
    .join("\n\n");
