import { dirname } from "node:path";
import { ggufPartOf, isGgufModelName } from "../files/ggufName.ts";
import { filesWithin, type FoundFile } from "./filesWithin.ts";
import type { StoredModel } from "./storedModel.ts";

/** Which files belong together: those of one folder with the same name but for the part's number. */
function keyOf({ path, names }: FoundFile): string {
  const part = ggufPartOf(names.at(-1)!);
  return part === undefined ? path : JSON.stringify([dirname(path), part.model, part.count]);
}

/**
 * The GGUF models in a folder and its sub-folders. A model in several files is one, named by its first.
 * @param depth how many folders down models are looked for
 * @param nameOf makes a model's name of the folders down to its file and the file's name
 */
export function ggufModels(
  folder: string,
  depth: number,
  nameOf = (names: readonly string[]): string => [names.slice(0, -1).join("/"), names.at(-1)!].join(" ").trim(),
): StoredModel[] {
  const files = filesWithin(folder, depth, (names) => /\.gguf$/i.test(names.at(-1)!));
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(keyOf(file), (sizes.get(keyOf(file)) ?? 0) + file.bytes);
  return files
    .filter(({ names }) => isGgufModelName(names.at(-1)!))
    .map((file) => ({ name: nameOf(file.names), path: file.path, bytes: sizes.get(keyOf(file))! }));
}
