import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The name in an experiment of the backbone that is part of ADePT Lab. */
export const EMBEDDED_BACKBONE = "tiny-t5";

/**
 * The folder of a backbone: for the embedded one, beside the bundle (or the sources); for any other, the path itself.
 * @param backbone "tiny-t5" or an absolute path
 */
export function backboneFolder(backbone: string): string {
  if (backbone !== EMBEDDED_BACKBONE) return backbone;
  const places = ["../models/tiny-t5", "../../models/tiny-t5"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
