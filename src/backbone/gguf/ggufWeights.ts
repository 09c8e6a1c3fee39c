import { finished, type CopySteps } from "../files/copySteps.ts";
import type { StoredEntry } from "../files/storedEntry.ts";
import { convertedFile, type Conversion, type ConvertedPlace } from "./convertedFile.ts";
import { ggufConfig } from "./ggufConfig.ts";
import { readGguf, type GgufFile } from "./ggufFile.ts";
import { ggufTensors } from "./ggufTensors.ts";
import { levelsSize, storedFormOf } from "./storedLevels.ts";
import { changedDims } from "./tensorChange.ts";

/** The file's name of the head's matrix. */
const HEAD = "output.weight";

/**
 * The tensors of a GGUF file under the names of the model's Hugging Face folder. What engines cannot read where it lies
 * is converted into a file of the cache when a value is first asked for.
 * @param checked another copy of the model has just verified what the cache holds of it
 * @throws UserError naming the file where it is damaged, or holds what cannot be read
 */
export function ggufEntries(path: string, checked: boolean): Map<string, StoredEntry> {
  const file = readGguf(path);
  return entriesOf(file, checked);
}

function entriesOf(file: GgufFile, checked: boolean): Map<string, StoredEntry> {
  const conversions: Conversion[] = [];
  const entries = new Map<string, StoredEntry>();
  let places: Map<string, ConvertedPlace> | undefined;
  const config = ggufConfig(file);
  const copied = function* (): CopySteps<Map<string, ConvertedPlace>> {
    return (places ??= yield* convertedFile(conversions, checked));
  };
  const copy = function* (): CopySteps<void> {
    yield* copied();
  };
  for (const [name, { tensor, change }] of ggufTensors(file, config)) {
    // A head that repeats the table is the table.
    if (tensor.name === HEAD && config["tie_word_embeddings"] === true) continue;
    const form = storedFormOf(tensor, change);
    if (form.kind !== "direct") conversions.push({ name, tensor, change, form });
    const { file: source, type: dtype, offset, dims } = tensor;
    const bytes =
      form.kind === "levels"
        ? levelsSize(
            form,
            dims.reduce((a, b) => a * b, 1),
          )
        : tensor.bytes;
    entries.set(name, {
      source,
      dims: changedDims(change, dims),
      dtype,
      bytes,
      ...(form.kind !== "direct" && { copy }),
      place: () => (form.kind === "direct" ? { file: source, offset } : finished(copied()).get(name)!),
    });
  }
  return entries;
}
