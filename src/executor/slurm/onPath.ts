import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether this machine has a command. */
export const isOnPath = (command: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
