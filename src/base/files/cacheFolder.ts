import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache folder; ADEPT_CACHE names another. */
export function cacheFolder(): string {
  const named = process.env["ADEPT_CACHE"];
  if (named !== undefined && named !== "") return named;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "adept-lab");
  if (process.platform === "win32")
    return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "adept-lab");
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "adept-lab");
}
