import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isHeld } from "../../src/run/lease/lease.ts";

const leases = (folder: string): string[] => {
  try {
    return readdirSync(join(folder, ".adept"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith("lease"))
      .map((name) => join(folder, ".adept", name));
  } catch {
    return [];
  }
};

/** Waits until no queue or worker of a workspace is alive, then deletes the workspace. */
export async function removeWorkspace(folder: string): Promise<void> {
  for (const until = Date.now() + 30_000; leases(folder).some(isHeld) && Date.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, 50));
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
