import { readGguf } from "./ggufFile.ts";
import { ggufOf } from "./shownGguf.ts";

/**
 * What is shown of the GGUF file behind a backbone's folder: the architecture that it names, and the bytes of all its
 * files. Undefined where the folder is none of a GGUF file.
 * @throws UserError naming the file where it is missing or damaged
 */
export function ggufShown(folder: string): { architecture: string; bytes: number } | undefined {
  const path = ggufOf(folder);
  if (path === undefined) return undefined;
  const { metadata, size } = readGguf(path);
  return { architecture: metadata.text("general.architecture") ?? "", bytes: size };
}
