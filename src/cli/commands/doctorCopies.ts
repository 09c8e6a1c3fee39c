import { keptCopies } from "../../backbone/files/keptCopies.ts";
import { weightCachePath } from "../../backbone/files/weightCache.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import type { Finding } from "./doctorFinding.ts";

/** How much disk space the cache's copies of weights take, where, and what removes them. */
export function copiesFinding(): Finding {
  const kept = keptCopies();
  const bytesOf = (some: typeof kept): string => bytesText(some.reduce((sum, { bytes }) => sum + bytes, 0));
  const stale = kept.filter(({ isStale }) => isStale);
  const gone =
    stale.length === 0
      ? "adept runs prune --copies --yes removes them; they are made anew when they are needed"
      : `${bytesOf(stale)} of them of models that are gone or changed, which adept runs prune --yes removes`;
  const detail = kept.length === 0 ? "none" : `${bytesOf(kept)} in ${weightCachePath()}; ${gone}`;
  return { what: "copies of weights", ok: true, detail };
}
