import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { byteLevelClass, byteLevelTokenizer } from "./byteLevelTokenizer.ts";
import { byT5Tokenizer } from "./byT5Tokenizer.ts";
import { t5Tokenizer } from "./t5Tokenizer.ts";
import { readTokenizerJson } from "./tokenizerConfig.ts";

/**
 * The largest tokenizer.json that is read, in bytes; the largest vocabularies in use, of 256,000 pieces, take 33 MB.
 */
const MOST_BYTES = 64 * 1024 * 1024;

/** Every file that can have a part in a tokenizer. */
export const TOKENIZER_FILES = [
  "tokenizer.json",
  "spiece.model",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
] as const;

/** The content of a tokenizer.json, and the file that it is from. */
export interface TokenizerSource {
  path: string;
  json: string;
  /** See PieceForm. */
  dropsBroken: boolean;
}

const Class = z.object({ tokenizer_class: z.string().nullish().catch(undefined) });
const Typed = Class.extend({ model_type: z.string().optional().catch(undefined) });

/** The class of transformers that a folder's files name, without "Fast", and the type of its model. */
function classOf(folder: string): { tokenizerClass: string | undefined; modelType: string | undefined } {
  const own = readTokenizerJson(join(folder, "tokenizer_config.json"), Class);
  const model = readTokenizerJson(join(folder, "config.json"), Typed);
  const name = own?.tokenizer_class ?? model?.tokenizer_class ?? undefined;
  return { tokenizerClass: name?.replace(/Fast$/, ""), modelType: model?.model_type };
}

/**
 * The tokenizer of a model folder as the content of a tokenizer.json: that file itself, or one made from the files of
 * older models, as transformers makes it.
 * @throws UserError naming the file that is missing or damaged
 */
export function tokenizerSource(folder: string): TokenizerSource {
  const at = (name: string): string => join(folder, name);
  const whole = at("tokenizer.json");
  if (existsSync(whole)) return { path: whole, json: boundedText(whole, MOST_BYTES), dropsBroken: false };
  const { tokenizerClass, modelType } = classOf(folder);
  const made = (path: string, json: object, dropsBroken = false): TokenizerSource => ({
    path,
    json: JSON.stringify(json),
    dropsBroken,
  });
  if (tokenizerClass === "ByT5Tokenizer") return made(at("tokenizer_config.json"), byT5Tokenizer(folder), true);
  const pieces = at("spiece.model");
  if (existsSync(pieces)) return made(pieces, t5Tokenizer(folder, pieces));
  if (existsSync(at("vocab.json")) && existsSync(at("merges.txt"))) {
    const name = tokenizerClass ?? modelType ?? "";
    if (byteLevelClass(name)) return made(at("vocab.json"), byteLevelTokenizer(folder, name));
    throw new UserError(
      "tokenizer-class-unsupported",
      phrase`${folder} has no tokenizer.json, and its vocab.json and merges.txt are of a "${name.slice(0, 60)}", which cannot be read without it`,
      phrase`Save its tokenizer with save_pretrained of transformers, which writes tokenizer.json.`,
    );
  }
  throw new UserError(
    "tokenizer-missing",
    phrase`${folder} has no tokenizer.json, and none of what stands for it: spiece.model, or vocab.json with merges.txt`,
    phrase`Download those files of the model too, or save its tokenizer there with save_pretrained of transformers.`,
  );
}

/** What changes when a file that has a part in the tokenizer changes. */
export const tokenizerState = (folder: string): string =>
  TOKENIZER_FILES.map((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return stats === undefined ? "" : `${stats.mtimeMs} ${stats.size}`;
  }).join("\n");
