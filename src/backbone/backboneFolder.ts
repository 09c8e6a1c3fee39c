import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const EMBEDDED_BACKBONE = "tiny-t5";

/**
 * Folder of a backbone: the embedded one beside the bundle (or the sources), any other as it is.
 * @param backbone "tiny-t5" or an absolute path
 */
export function backboneFolder(backbone: string): string {
  if (backbone !== EMBEDDED_BACKBONE) return backbone;
  const places = ["../models/tiny-t5", "../../models/tiny-t5"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
