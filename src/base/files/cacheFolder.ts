import { homedir } from "node:os";
import { join } from "node:path";

/** Returns the user's cache folder of ADePT Lab; the environment variable ADEPT_CACHE overrides it. */
export function cacheFolder(): string {
  const named = process.env["ADEPT_CACHE"];
  if (named !== undefined && named !== "") return named;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "adept-lab");
  if (process.platform === "win32")
    return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "adept-lab");
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "adept-lab");
}
