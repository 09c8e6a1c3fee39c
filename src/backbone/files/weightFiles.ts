import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { ggufOf } from "../gguf/shownGguf.ts";
import { ggufEntries } from "../gguf/ggufWeights.ts";
import { readHeader } from "./safetensors.ts";
import type { StoredEntry } from "./storedEntry.ts";
import { torchEntries } from "./torchWeights.ts";

/** The largest index in bytes, which names each tensor once; and the most shards: models have up to some hundreds. */
const MOST_INDEX = 16 * 1024 * 1024;
const MOST_SHARDS = 1000;

/** A format of weights: its file, the index of its shards, the names that shards can have, how a file is read. */
interface Format {
  single: string;
  index: string;
  shard: RegExp;
  read: (path: string, checked: boolean) => Map<string, StoredEntry>;
}

function safetensorsEntries(path: string): Map<string, StoredEntry> {
  return new Map(
    [...readHeader(path).entries].map(([name, { file, offset, ...entry }]) => [
      name,
      { ...entry, source: file, place: () => ({ file, offset }) },
    ]),
  );
}

/** In the order in which transformers looks for them. */
const FORMATS: readonly Format[] = [
  {
    single: "model.safetensors",
    index: "model.safetensors.index.json",
    shard: /^[^/\\:\0]+\.safetensors$/,
    read: safetensorsEntries,
  },
  {
    single: "pytorch_model.bin",
    index: "pytorch_model.bin.index.json",
    shard: /^[^/\\:\0]+\.bin$/,
    read: torchEntries,
  },
];

function readIndex(path: string, shard: RegExp): Record<string, string> {
  const Index = z.object({ weight_map: z.record(z.string(), z.string().regex(shard, "a file name, not a path")) });
  let json: unknown;
  try {
    json = JSON.parse(boundedText(path, MOST_INDEX));
  } catch (error) {
    throw new UserError("weights-index-not-json", phrase`${path} is not JSON: ${(error as Error).message}`);
  }
  const parsed = Index.safeParse(json);
  if (!parsed.success)
    throw new UserError(
      "weights-index-malformed",
      phrase`${path}: weight_map must map tensor names to file names in the folder`,
    );
  if (new Set(Object.values(parsed.data.weight_map)).size > MOST_SHARDS)
    throw new UserError("weights-too-many-shards", phrase`${path} names more than ${MOST_SHARDS} files`);
  return parsed.data.weight_map;
}

/** The tensors of shards, as their index says. */
function shardEntries(folder: string, { index, shard, read }: Format, checked: boolean): Map<string, StoredEntry> {
  const path = join(folder, index);
  const entries = new Map<string, StoredEntry>();
  const shards = new Map<string, Map<string, StoredEntry>>();
  for (const [name, file] of Object.entries(readIndex(path, shard))) {
    const own = shards.get(file) ?? read(join(folder, file), checked);
    shards.set(file, own);
    const entry = own.get(name);
    if (entry === undefined)
      throw new UserError(
        "shard-tensor-missing",
        phrase`${join(folder, file)} lacks tensor "${name}", which ${path} puts there`,
      );
    entries.set(name, entry);
  }
  return entries;
}

/**
 * The tensors of a Hugging Face folder by name, from its one file or its shards: safetensors where there are any, else
 * the files of torch.save.
 * @param checked another copy of the model has just verified what the cache holds of it
 * @throws UserError naming the file when weights are missing, truncated, malformed, or hold more than tensors
 */
export function weightEntries(folder: string, checked: boolean): Map<string, StoredEntry> {
  const gguf = ggufOf(folder);
  if (gguf !== undefined) return ggufEntries(gguf, checked);
  for (const format of FORMATS) {
    const single = join(folder, format.single);
    if (existsSync(single)) return format.read(single, checked);
    if (existsSync(join(folder, format.index))) return shardEntries(folder, format, checked);
  }
  throw new UserError(
    "weights-missing",
    phrase`${folder} has no model.safetensors and no pytorch_model.bin, neither whole nor in shards with an index`,
    phrase`Give the folder of a model as the Hugging Face Hub or save_pretrained of transformers lays it out.`,
  );
}
