import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The check runs as one bundle in dist/, of a checkout or of what `npm run pack:gpu` packed.

/** The check's own bundle. */
export const BUNDLE = fileURLToPath(import.meta.url);
const DIST = dirname(BUNDLE);
const ROOT = dirname(DIST);
export const CLI = join(DIST, "cli.js");
export const PEER = join(DIST, "peer.py");
export const BACKBONE = join(ROOT, "models/tiny-t5");

/** The goldens that were packed, else those beside the checkout; undefined where there are none. */
export const goldensHere = (): string | undefined =>
  [process.env["ADEPT_GOLDENS"], join(ROOT, "goldens"), join(ROOT, "../shared/goldens")].find(
    (folder) => folder !== undefined && existsSync(folder),
  );
