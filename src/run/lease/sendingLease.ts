import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { dropLease, takeLease } from "./lease.ts";

/** Milliseconds between two tries, and of all of them. */
const WAIT_MS = 100;
const LONGEST_MS = 60_000;

/** Takes the lease; a folder that cannot be written has none, and is sent from without it. */
function taken(path: string): boolean | "without" {
  try {
    return takeLease(path, process.pid);
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code !== undefined) return "without";
    throw error;
  }
}

/**
 * Sends of a run while no other process does: who asks what a server lacks, and then sends it, must not be two.
 * @throws UserError when another process sends for too long
 * @throws the signal's reason when it is aborted
 */
export async function sendAlone<T>(runPath: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  const path = join(runPath, "sending.lease");
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const found = taken(path);
    if (found === "without") return send();
    if (found) break;
    if (performance.now() > end)
      throw new UserError(
        "run-being-sent",
        phrase`Another process is sending ${runPath} to a server`,
        phrase`Wait for it, and export again.`,
      );
    await pause(WAIT_MS, undefined, { signal });
  }
  try {
    return await send();
  } finally {
    dropLease(path);
  }
}
