import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";

/**
 * File names of each split by preference: ADePT Lab's own, GLUE's, Hugging Face's, SQuAD's. MNLI has a second
 * validation set, of other genres than training.
 */
const NAMES = {
  train: ["train", "train-v1.1"],
  validation: ["validation", "val", "dev", "validation_matched", "dev_matched", "dev-v1.1"],
  test: ["test", "test_matched"],
  mismatched: ["validation_mismatched", "dev_mismatched"],
};
const EXTENSIONS = ["jsonl", "tsv", "csv", "parquet", "json", "jsonl.gz", "json.gz"];

/** The possible names of a training file, for messages. */
export const TRAINING_FILES = `train.${EXTENSIONS.join(", train.")}, train-00000-of-00001.parquet`;

/**
 * Finds the files of a split in a folder: one file, or its shards in order, as Hugging Face names them.
 * @returns an empty list where there is none
 * @throws UserError naming a shard that is missing
 */
export function splitFiles(folder: string, split: keyof typeof NAMES): string[] {
  const present = new Set(list(folder));
  for (const name of NAMES[split]) {
    const single = EXTENSIONS.map((extension) => `${name}.${extension}`).find((file) => present.has(file));
    if (single !== undefined) return [join(folder, single)];
    const shards = shardsOf(folder, name, [...present]);
    if (shards.length > 0) return shards;
  }
  return [];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new UserError("task-folder-not-readable", phrase`${folder} cannot be read: ${message}`);
  }
}

/** Shards are named name-00000-of-00002.parquet and so on; older data sets have a fingerprint before the extension. */
function shardsOf(folder: string, name: string, present: readonly string[]): string[] {
  const found = present
    .flatMap((file) => {
      const match = /^(.+)-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.(parquet|jsonl|jsonl\.gz|json|csv)$/.exec(file);
      return match?.[1] === name ? [{ file, index: Number(match[2]), count: Number(match[3]) }] : [];
    })
    .sort((a, b) => a.index - b.index);
  const count = found[0]?.count ?? 0;
  const odd = found.find((each, index) => each.index !== index || each.count !== count);
  if (odd !== undefined || found.length !== count)
    throw new UserError(
      "shards-incomplete",
      phrase`${join(folder, (odd ?? found[0]!).file)}: of its ${count} shards, ${found.length} are here${odd === undefined ? "" : phrase`, not each once`}`,
      phrase`Download the whole set, or keep the files of one copy alone.`,
    );
  return found.map(({ file }) => join(folder, file));
}
