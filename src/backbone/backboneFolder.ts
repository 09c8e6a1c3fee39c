import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isGgufName } from "../base/files/ggufName.ts";
import { ggufFolder } from "./gguf/ggufFolder.ts";

/** The name in an experiment of the backbone that is part of ADePT Lab. */
export const EMBEDDED_BACKBONE = "tiny-t5";

/**
 * The folder of a backbone: for the embedded one, beside the bundle (or the sources); for a GGUF file, the folder of
 * the cache that shows it as one; for any other, the path itself.
 * @param backbone "tiny-t5" or an absolute path
 * @throws UserError for a GGUF file that cannot be read or is not supported
 */
export function backboneFolder(backbone: string): string {
  if (isGgufName(backbone)) return ggufFolder(backbone);
  if (backbone !== EMBEDDED_BACKBONE) return backbone;
  const places = ["../models/tiny-t5", "../../models/tiny-t5"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
