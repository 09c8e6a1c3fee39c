import type { OnUnusableRun } from "../run/directory/runList.ts";
import { tell } from "./terminal.ts";

/** Returns a function that writes a problem of a run to standard error, each problem once. */
export function problemReporter(): OnUnusableRun {
  const written = new Set<string>();
  return ({ id }, reason) => {
    const line = `run ${id}: ${reason}\n`;
    if (!written.has(line)) tell(line);
    written.add(line);
  };
}
